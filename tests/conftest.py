"""Fixtures that many tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

REQUIRE_ALL = os.environ.get("ENDCAP_REQUIRE_ALL") == "1"


def lacking(what: str, remedy: str) -> None:
    """Skip a test for want of something, or fail it where everything is required; ``remedy`` says what would lift it."""
    message = f"{what} is missing: {remedy}"
    if REQUIRE_ALL:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the public data sets that ``ENDCAP_DATA`` names."""
    folder = os.environ.get("ENDCAP_DATA", "")
    if not folder or not Path(folder).is_dir():
        lacking("the folder of public data sets", "set ENDCAP_DATA to it")
    return Path(folder)


@pytest.fixture(scope="session")
def need_program() -> Callable[[str, str], str]:
    """Gives a function that finds a program, or skips naming the Debian package that has it."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program)
        if path is None:
            lacking(program, f"apt-get install {package}")
        assert path is not None
        return path

    return find
