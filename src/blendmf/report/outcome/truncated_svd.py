"""Truncated SVD against matrix factorisation, in a sentence."""

import pandas as pd


def svd_against_factorisation(rank_sweep: pd.DataFrame) -> str:
    """Both at the rank that validation chooses; nothing where the sweep lacks one of them."""
    chosen = rank_sweep.dropna(subset=["validation_rmse"])
    chosen = chosen.loc[chosen.groupby("method")["validation_rmse"].idxmin()].set_index("method")
    if not {"svd", "mf"} <= set(chosen.index):
        return ""
    svd, mf = chosen.loc["svd"], chosen.loc["mf"]
    gap = svd["test_rmse"] - mf["test_rmse"]
    return (
        f"**Truncated SVD** of the bias-centred matrix is best on validation at rank "
        f"{svd['rank']:.0f} and reaches test RMSE {svd['test_rmse']:.4f}; matrix factorisation is "
        f"best at rank {mf['rank']:.0f} and reaches {mf['test_rmse']:.4f}, {abs(gap):.4f} "
        f"{'lower' if gap > 0 else 'higher'} (one fit for each rank)."
    )
