from snakemake.common.configfile import load_configfile
from snakemake.utils import min_version, update_config

min_version("9.0")

if workflow.modifier.is_main_snakefile():

    configfile: f"{workflow.basedir}/config.yaml"

    report: "workflow/report/workflow.rst"

else:
    # As a module: `config` has the outer workflow's differences from the defaults. Its dictionary
    # is not modified, and its report keeps its own text.
    defaults = load_configfile(workflow.source_path("config.yaml"))
    update_config(defaults, config)
    config = defaults


include: "workflow/rules/common.smk"


container: config["container"]


include: "workflow/rules/lookups.smk"
include: "workflow/rules/contents.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/final.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/console.smk"


rule all:
    default_target: workflow.modifier.is_main_snakefile()
    input:
        report_files(),
