from __future__ import annotations

import os
from pathlib import Path

from endcap.kernels import forget_stale


def test_compiled_code_is_forgotten_when_any_file_changes(tmp_path: Path) -> None:
    kept = tmp_path / "__pycache__"
    kept.mkdir()
    (tmp_path / "caller.py").write_text("a = 1\n")
    (tmp_path / "called.py").write_text("b = 1\n")
    assert forget_stale(tmp_path)
    compiled = kept / "caller.f-1.py311.nbi"
    compiled.write_bytes(b"code")
    assert not forget_stale(tmp_path)
    assert compiled.exists()
    os.utime(tmp_path / "called.py", ns=(1, 1))
    assert forget_stale(tmp_path)
    assert not compiled.exists()
