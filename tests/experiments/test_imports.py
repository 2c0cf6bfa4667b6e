"""Imports are found anywhere in a module."""

from fer3d.experiments.imports import has_code, used_modules


def test_imports_inside_functions_and_of_packages_count(tmp_path):
    (tmp_path / "fer3d/deep").mkdir(parents=True)
    (tmp_path / "fer3d/flat").mkdir()
    (tmp_path / "fer3d/flat/__init__.py").write_text('"""Package."""\nN = 1\n')
    (tmp_path / "fer3d/flat/c.py").write_text("M = 1\n")
    (tmp_path / "fer3d/deep/__init__.py").write_text('"""Nothing but words."""\n')
    (tmp_path / "fer3d/deep/a.py").write_text("def f():\n    from fer3d import b\n")
    (tmp_path / "fer3d/b.py").write_text("import numpy\nfrom fer3d.flat.c import M\n")
    (tmp_path / "fer3d/b.npz").write_text("data that belongs to b")
    script = tmp_path / "script.py"
    script.write_text("from fer3d.deep import a\n")
    assert used_modules(script, tmp_path) == [
        "fer3d/b.npz",
        "fer3d/b.py",
        "fer3d/deep/a.py",
        "fer3d/flat/__init__.py",
        "fer3d/flat/c.py",
        "script.py",
    ]


def test_the_python_interface_that_the_package_names_does_not_count(tmp_path):
    (tmp_path / "fer3d").mkdir()
    (tmp_path / "fer3d/__init__.py").write_text("from fer3d.interface import a\n")
    (tmp_path / "fer3d/interface.py").write_text("a = 1\n")
    (tmp_path / "fer3d/b.py").write_text("N = 1\n")
    script = tmp_path / "script.py"
    script.write_text("from fer3d.b import N\n")
    assert used_modules(script, tmp_path) == ["fer3d/b.py", "script.py"]


def test_a_docstring_is_no_code(tmp_path):
    module = tmp_path / "a.py"
    for text, code in (('"""Words."""\n', False), ("", False), ("A = 1\n", True)):
        module.write_text(text)
        assert has_code(module) == code
