"""Imports are found wherever they stand."""

from fer3d.experiments.imports import has_code, used_modules


def test_imports_inside_functions_and_of_packages_count(tmp_path):
    (tmp_path / "fer3d/deep").mkdir(parents=True)
    (tmp_path / "fer3d/__init__.py").write_text('"""Package."""\n__version__ = "1"\n')
    (tmp_path / "fer3d/deep/__init__.py").write_text('"""Nothing but words."""\n')
    (tmp_path / "fer3d/deep/a.py").write_text("def f():\n    from fer3d import b\n")
    (tmp_path / "fer3d/b.py").write_text("import numpy\n")
    (tmp_path / "fer3d/b.npz").write_text("data that belongs to b")
    script = tmp_path / "script.py"
    script.write_text("from fer3d.deep import a\n")
    assert used_modules(script, tmp_path) == [
        "fer3d/__init__.py",
        "fer3d/b.npz",
        "fer3d/b.py",
        "fer3d/deep/a.py",
        "script.py",
    ]


def test_a_docstring_is_no_code(tmp_path):
    module = tmp_path / "a.py"
    for text, code in (('"""Words."""\n', False), ("", False), ("A = 1\n", True)):
        module.write_text(text)
        assert has_code(module) == code
