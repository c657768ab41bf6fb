"""Copies of the tree, one for each mutant."""

from __future__ import annotations

import asyncio
import compileall
import os
import shutil
import subprocess
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING

from tests.mutants.mutant import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mutants.mutant import Mutant


class Nursery:
    """Copies below a directory, which is its caller's to remove."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.healthy = directory / "healthy"
        """The tree as it is, without any bug."""

    async def prepare(self) -> None:
        """Copy what git has or would take of the working tree, and compile it."""
        await asyncio.to_thread(self._copy)

    def _copy(self) -> None:
        git = shutil.which("git")
        if git is None:
            raise FileNotFoundError("git is needed to tell what belongs to the tree")
        asked = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout
        for name in names.decode().split("\0"):
            source = ROOT / name
            # Git lists a file that is deleted and not yet committed.
            if name and source.is_file():
                target = self.healthy / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        # By their content: of two versions of one second and one size none is taken for the other.
        compileall.compile_dir(
            self.healthy, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH
        )

    async def copy(self, name: str) -> Path:
        """A tree of its own without any bug: its files are links to those of the healthy one."""
        tree = self._directory / name
        await asyncio.to_thread(shutil.copytree, self.healthy, tree, copy_function=os.link)
        return tree

    async def plant(self, mutant: Mutant) -> Path:
        """A tree of the mutant's own, with its bug."""
        tree = await self.copy(mutant.name)
        file = tree / mutant.file
        source = mutant.applied_to(file.read_text(encoding="utf-8"))
        # Not into the file, which all the trees share.
        file.unlink()
        file.write_text(source, encoding="utf-8")
        return tree
