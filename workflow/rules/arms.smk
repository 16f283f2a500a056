# Lookups of what an arm shares with the experiment that it varies. The {dataset} wildcard is the
# folder of an arm: a data set's, or one below it such as ml-100k/audit/random.

AS_CONFIGURED = "as configured"
AUDITED = list(config["audit"]["arms"])
ABLATED = ablation_arms(config)


def arm_of(wildcards) -> Arm:
    return ARMS[wildcards.dataset]


def found(path: str):
    """Where an arm finds a file that it may share with others."""

    def of_arm(wildcards) -> str:
        filled = path.format(**dict(wildcards.items()))
        return f"results/{arm_of(wildcards).home(filled)}/{filled}"

    return of_arm


def fits_of_arm(pattern: str):
    """One path per fit of an arm's models, or per model for a pattern of one seed, wherever fitted."""

    def of_arm(wildcards) -> list[str]:
        arm = arm_of(wildcards)
        paths = dict.fromkeys(
            pattern.format(model=model, seed=seed)
            for model, entry in arm.models.items()
            for seed in seeds_of(entry, config["seeds"])
        )
        return [f"results/{arm.home(path)}/{path}" for path in paths]

    return of_arm


def split_settings(wildcards) -> dict:
    return arm_of(wildcards).split


def content_settings(wildcards) -> dict:
    return arm_of(wildcards).content


def audited(dataset: str) -> dict[str, Arm]:
    """Arms of a data set's audit by their names, the experiment as configured first."""
    varied = {name: ARMS[f"{dataset}/audit/{name}"] for name in AUDITED}
    return {AS_CONFIGURED: ARMS[dataset], **varied}


def in_each_audited(path: str):
    """One file of each arm of the audit."""

    def of_data_set(wildcards) -> list[str]:
        arms_of_audit = audited(wildcards.dataset).values()
        return [f"results/{arm.home(path)}/{path}" for arm in arms_of_audit]

    return of_data_set


def fits_on_same_test(wildcards) -> list[dict]:
    """Fits of those arms that test the same ratings as the experiment, hence pair with it."""
    return [
        {"arm": name, "model": model, "seed": seed}
        for name, arm in audited(wildcards.dataset).items()
        if arm.home("split/test.parquet") == wildcards.dataset
        for model, entry in arm.models.items()
        for seed in seeds_of(entry, config["seeds"])
    ]


def per_user_on_same_test(wildcards) -> list[str]:
    arms_by_name = audited(wildcards.dataset)
    pattern = "evaluation/{model}/seed-{seed}/per-user.parquet"
    paths = [
        (fit["arm"], pattern.format(**fit)) for fit in fits_on_same_test(wildcards)
    ]
    return [f"results/{arms_by_name[name].home(path)}/{path}" for name, path in paths]


def ablated_fits(wildcards) -> list[str]:
    """Name of the arm of each fit of the ablated model, that of the full model first."""
    entry = MODELS[config["ablation"]["model"]]
    return [
        name for name in ["full", *ABLATED] for _ in seeds_of(entry, config["seeds"])
    ]


def per_user_of_ablated(wildcards) -> list[str]:
    model, dataset = config["ablation"]["model"], wildcards.dataset
    folders = [dataset, *(f"{dataset}/ablation/{name}" for name in ABLATED)]
    return expand(
        f"results/{{folder}}/evaluation/{model}/seed-{{seed}}/per-user.parquet",
        folder=folders,
        seed=seeds_of(MODELS[model], config["seeds"]),
    )
