@echo off
rem make.bat html writes the documentation to build\html.
sphinx-apidoc --module-first --force -o source ..\src\{{ cookiecutter.python_package }}
sphinx-build -b html source build\html
