"""Writing files so that nothing is lost: to a temporary name first, then renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(path: str | Path, content: bytes | str) -> Path:
    """Write a file whole or not at all: whoever reads the path meets the old content or the new."""
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except OSError as error:
        kept = "; what stood there is kept" if path.exists() else ""
        raise OSError(f"cannot write {path}: {error.strerror or error}{kept}") from error
    finally:
        if aside is not None:
            Path(aside).unlink(missing_ok=True)
    return path
