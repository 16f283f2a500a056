import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.files import write_arrays
from blendmf.models.factor_model import FactorModel
from blendmf.models.model import load_model

P = np.array([[1.0, 2.0], [0.5, -1.0]], dtype=np.float32)
Q = np.array([[0.1, 0.2], [0.3, -0.4], [0.0, 0.5]], dtype=np.float32)
V = np.array([[1.0, 0.0], [0.5, 0.5]], dtype=np.float32)
C = sp.csr_array(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 0.0]], dtype=np.float32))
W = sp.csr_array(np.array([[0.2, -0.1], [0.0, 0.3]], dtype=np.float32))
B_U = np.array([0.1, -0.2], dtype=np.float32)
B_I = np.array([0.3, 0.0, -0.5], dtype=np.float32)
ALL_TERMS = {
    "user_bias": B_U,
    "item_bias": B_I,
    "user_factors": P,
    "item_factors": Q,
    "content_factors": V,
    "user_content": W,
    "content": C,
}
MF = ["user_bias", "item_bias", "user_factors", "item_factors"]
VARIANTS = {
    "global mean": [],
    "bias": MF[:2],
    "mf": MF,
    "user blend": [*MF, "user_content"],
    "item blend": [*MF, "content_factors"],
    "content only": ["user_bias", "user_factors", "content_factors", "user_content"],
    "both": [*MF, "content_factors", "user_content"],
}


def variant(name, rating_range=(-100.0, 100.0)):
    terms = {term: ALL_TERMS[term] for term in VARIANTS[name]}
    if "user_content" in terms or "content_factors" in terms:
        terms["content"] = C
    return FactorModel(2, 3, rating_range, 3.0, **terms)


def formula(name):
    """Scores of all pairs, then of an unknown user and item, whose parameters are zero."""
    held = {
        term: (values.toarray() if sp.issparse(values) else values) * (term in VARIANTS[name])
        for term, values in ALL_TERMS.items()
    }
    b_u, P, W, b_i, Q, c = (
        np.append(values, 0 * values[:1], axis=0)
        for values in (
            *(held[term] for term in ("user_bias", "user_factors", "user_content")),
            *(held["item_bias"], held["item_factors"], C.toarray()),
        )
    )
    return 3.0 + b_u[:, None] + b_i + P @ (Q + c @ held["content_factors"]).T + W @ c.T


@pytest.mark.parametrize("name", VARIANTS)
def test_predictions_are_the_sum_of_the_terms_before_and_after_saving(name, tmp_path):
    model, expected = variant(name), formula(name)
    model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert loaded.terms == model.terms == tuple(t for t in ALL_TERMS if t in VARIANTS[name])
    assert loaded.rating_range == model.rating_range
    for users, items in (([0, 1, -1], [0, 1, 2, -1]), ([0, 1, 99], [0, 1, 2, 3])):
        pairs = np.repeat(users, 4), np.tile(items, 3)
        for of in (model, loaded):
            np.testing.assert_allclose(of.predict(*pairs), expected.ravel(), rtol=1e-6)
            np.testing.assert_allclose(of.score_users(users), expected[:, :-1], rtol=1e-6)
            np.testing.assert_allclose(of.score_users([1])[0], expected[1, :-1], rtol=1e-6)


def test_predictions_are_clipped_and_scores_are_not():
    model = variant("both", rating_range=(0.5, 3.2))
    assert model.predict([0], [0]) == 3.2
    assert model.score_users([0])[0][0] > 3.2


def test_content_without_a_term_that_uses_it_is_refused():
    with pytest.raises(ValueError, match="content matrix"):
        FactorModel(2, 3, (1, 5), 3.0, content=C)


def test_a_file_of_another_kind_is_refused(tmp_path):
    write_arrays(tmp_path / "other.npz", {"kind": np.array("something else")})
    with pytest.raises(UserError, match=r"other\.npz: not a model file"):
        load_model(tmp_path / "other.npz")


def test_pair_scores_do_not_depend_on_the_batch_size(monkeypatch):
    model = variant("both")
    users, items = np.repeat([0, 1, 5], 4), np.tile([0, 1, 2, 9], 3)
    at_once = model.score_pairs(users, items)
    monkeypatch.setattr("blendmf.models.factor_model.WORDS_GATHERED", 5)
    assert np.array_equal(model.score_pairs(users, items), at_once)
