"""Print the software environment of each rule as JSON, given a Snakefile and a configuration."""

import json
import sys
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, ResourceSettings

snakefile, config = (Path(argument).resolve() for argument in sys.argv[1:])
with SnakemakeApi() as api:
    parsed = api.workflow(
        ResourceSettings(),
        config_settings=ConfigSettings(configfiles=[config]),
        snakefile=snakefile,
    )
    rules = [rule for rule in parsed._workflow.rules if rule.script]
    software = {
        rule.name: {
            "container": rule.container_img,
            "conda": str(Path(str(rule.basedir), rule.conda_env).resolve()),
        }
        for rule in rules
    }
print(json.dumps(software))
