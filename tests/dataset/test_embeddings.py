from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from endcap.algorithms.content import Content
from endcap.dataset.embeddings import embedded, nearest
from endcap.errors import BadOption, UnknownName
from endcap.testing.algorithms import fit_titles

MODEL = '''
import numpy as np

def letters(texts):
    """How often each letter occurs."""
    return np.array([[text.lower().count(chr(97 + n)) for n in range(26)] for text in texts])

def one_row(texts):
    return np.ones(3)
'''


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers two models."""
    (tmp_path / "letter_model.py").write_text(MODEL, encoding="utf-8")
    info = tmp_path / "letter_model-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: letter-model\nVersion: 1.0\n", encoding="utf-8")
    offers = "[endcap.embeddings]\nletters = letter_model:letters\none_row = letter_model:one_row\n"
    (info / "entry_points.txt").write_text(offers, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_content_can_rest_on_a_model_of_ones_own() -> None:
    found = fit_titles(Content(embedding="letters"), "teapot", "potate", "zzz", "pot")
    assert [sorted(found.row(row)[0].tolist()) for row in range(4)] == [[1, 3], [0, 3], [], [0, 1]]
    np.testing.assert_allclose(found.matrix().toarray()[0, 1], found.matrix().toarray()[1, 0], rtol=1e-6)
    assert fit_titles(Content(), "teapot", "potate", "zzz", "pot").n_entries == 0


def test_vectors_have_length_one() -> None:
    np.testing.assert_allclose(np.linalg.norm(embedded("letters", ["tea", "milk"]), axis=1), 1.0, rtol=1e-6)


def test_a_model_that_is_missing_or_wrong_is_said() -> None:
    with pytest.raises(UnknownName, match="no installed package offers the embedding 'none'"):
        embedded("none", ["tea"])
    with pytest.raises(BadOption, match=r"shape \(3,\) for 2 texts"):
        embedded("one_row", ["tea", "milk"])


def test_the_nearest_are_those_of_a_full_table() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1_500, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = nearest(vectors, 5)
    whole = vectors @ vectors.T
    np.fill_diagonal(whole, 0)
    for row in (0, 700, 1_499):
        expected = np.argsort(-whole[row])[:5]
        assert found.indices[found.indptr[row] : found.indptr[row + 1]].tolist() == expected.tolist()


def test_no_texts_have_no_neighbours() -> None:
    assert len(nearest(np.empty((0, 3), np.float32), 5).indices) == 0
