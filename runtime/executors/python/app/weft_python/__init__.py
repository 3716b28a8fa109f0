"""CPython as a program in a sandbox: `python3`, and the functions of Kubeflow Pipelines.

The modules here are plain Python; only `app` beside this package knows that it becomes a component.
"""
