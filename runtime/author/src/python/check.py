"""Compares Python sources with a WIT world, without running them: prints a JSON list of problems.

    python check.py WORLD.json FOLDER MODULE.py

What it finds: missing classes and methods, wrong numbers and orders of parameters, records made with missing, unknown or too many
fields, and steps that return something that is evidently no record. What it cannot see, such as a dictionary in a variable, it leaves
alone.
"""

import ast
import json
import os
import sys


def main(world_file, folder, module):
    with open(world_file, encoding="utf-8") as file:
        world = json.load(file)
    problems = []
    trees = {}
    for path in sources(folder):
        with open(path, "rb") as file:
            text = file.read()
        try:
            trees[path] = ast.parse(text, path)
        except (SyntaxError, ValueError) as error:
            at = {"lineno": getattr(error, "lineno", 1) or 1, "col_offset": (getattr(error, "offset", 1) or 1) - 1}
            problems.append(problem(path, at, f"it cannot be read as Python: {getattr(error, 'msg', error)}"))
    for path, tree in trees.items():
        Records(path, tree, world["records"], problems)
    main_path = next((path for path in trees if os.path.samefile(path, module)), None)
    if main_path:
        steps(main_path, trees[main_path], world["functions"], problems)
    json.dump(problems, sys.stdout)


def sources(folder):
    """The author's modules, in order."""
    for root, folders, files in os.walk(folder):
        made = ("build", "target", "node_modules", "__pycache__", "tests", "test", "venv", "site-packages")
        folders[:] = sorted(name for name in folders if name not in made and not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".py"):
                yield os.path.normpath(os.path.join(root, name))


def problem(path, node, message, wit=None, hint=None, severity="error"):
    get = node.get if isinstance(node, dict) else lambda key, default=None: getattr(node, key, default)
    length = 1
    if get("end_lineno") == get("lineno") and get("end_col_offset") is not None:
        length = max(1, get("end_col_offset") - get("col_offset"))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        length = len(node.name) + len("def " if isinstance(node, ast.FunctionDef) else "class ")
    found = {"file": path, "line": get("lineno"), "column": get("col_offset") + 1, "length": length, "message": message}
    found.update(wit=wit, hint=hint, severity=severity)
    return found


def steps(path, tree, functions, problems):
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    names = {name for node in tree.body for name in bound(node)}
    for function in functions:
        owner = classes.get(function["class"])
        signature = f"def {function['name']}({', '.join(['self', *function['params']])})"
        if owner is None:
            if function["class"] not in names:
                start = {"lineno": 1, "col_offset": 0}
                what = f"there is no class `{function['class']}`, whose method `{function['name']}` is a step"
                problems.append(problem(path, start, what, function["wit"], f"add it, with `{signature}`"))
            continue
        method = next((node for node in owner.body if function["name"] in bound(node)), None)
        if method is None:
            # It may be inherited from a class of the author's own; the bindings' class has it only by name.
            if all(is_of_bindings(base) for base in owner.bases):
                what = f"`{function['class']}` has no method `{function['name']}`"
                problems.append(problem(path, owner, what, function["wit"], f"add `{signature}`"))
        elif isinstance(method, ast.AsyncFunctionDef):
            what = f"`{function['name']}` is `async`"
            problems.append(problem(path, method, what, function["wit"], "steps are synchronous functions"))
        elif isinstance(method, ast.FunctionDef):
            parameters(path, method, function, problems)
            returns(path, method, function, problems)


def bound(node):
    """The names that a statement binds."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def is_of_bindings(base):
    root = base
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("wit_world", "WitWorld", "exports", "Protocol", "object")


def parameters(path, method, function, problems):
    arguments = method.args
    static = any(isinstance(node, ast.Name) and node.id == "staticmethod" for node in method.decorator_list)
    names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    given = names if static else names[1:]
    wanted = function["params"]
    signature = f"def {function['name']}({', '.join(['self', *wanted])})"
    least = len(given) - min(len(arguments.defaults), len(given))
    takes = len(wanted) >= least and (len(wanted) <= len(given) or arguments.vararg is not None)
    if not takes:
        count = lambda n: f"{n} parameter" if n == 1 else f"{n} parameters"
        what = f"`{function['name']}` takes {count(len(given))}, and is called with {len(wanted)}"
        problems.append(problem(path, method, what, function["wit"], f"write `{signature}`"))
    elif sorted(given) == sorted(wanted) and given != wanted:
        what = f"the parameters of `{function['name']}` are in another order than in the WIT"
        problems.append(problem(path, method, what, function["wit"], f"write `{signature}`"))
    elif len(given) == len(wanted):
        for mine, theirs, argument in zip(given, wanted, arguments.args[len(arguments.args) - len(given):]):
            if mine.strip("_") != theirs.strip("_"):
                what = f"the parameter `{theirs}` of `{function['name']}` is called `{mine}` here"
                problems.append(problem(path, argument, what, function["wit"], "inputs are given by position", "warning"))


def returns(path, method, function, problems):
    found = list(own_returns(method))
    empty = [node for node in found if node.value is None]
    if function["returns"]:
        for node in empty:
            what = f"`{function['name']}` returns nothing here"
            problems.append(problem(path, node, what, function["wit"]))
        if not found and not any(isinstance(node, (ast.Raise, ast.Yield, ast.YieldFrom)) for node in ast.walk(method)):
            problems.append(problem(path, method, f"`{function['name']}` never returns its outputs", function["wit"]))
    if function["record"]:
        kinds = {ast.Dict: "a dictionary", ast.Tuple: "a tuple", ast.List: "a list", ast.Constant: "a single value"}
        for node in found:
            kind = kinds.get(type(node.value))
            if kind:
                what = f"`{function['name']}` returns {kind}, not the record `{function['record']}`"
                hint = f"return `wit_world.{function['record']}(..)`"
                problems.append(problem(path, node.value, what, function["record_wit"], hint))


def own_returns(function):
    """The return statements of a function, without those of functions inside it."""
    queue = list(function.body)
    while queue:
        node = queue.pop(0)
        if isinstance(node, ast.Return):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            queue.extend(ast.iter_child_nodes(node))


class Records(ast.NodeVisitor):
    """Looks at every place where a record of the world is made."""

    def __init__(self, path, tree, records, problems):
        self.path, self.problems = path, problems
        self.records = {(record["module"], record["name"]): record for record in records}
        self.names = {}
        self.modules = {"wit_world": "wit_world"}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "wit_world":
                for alias in node.names:
                    record = self.records.get((node.module.split(".")[-1], alias.name))
                    if record:
                        self.names[alias.asname or alias.name] = record
                    else:
                        self.modules[alias.asname or alias.name] = alias.name
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] == "wit_world" and alias.asname:
                        self.modules[alias.asname] = alias.name.split(".")[-1]
        self.visit(tree)

    def record(self, function):
        if isinstance(function, ast.Name):
            return self.names.get(function.id)
        if isinstance(function, ast.Attribute):
            holder = function.value
            if isinstance(holder, ast.Name) and holder.id in self.modules:
                return self.records.get((self.modules[holder.id], function.attr))
            if isinstance(holder, ast.Attribute):
                return self.records.get((holder.attr, function.attr))
        return None

    def visit_Call(self, node):
        self.generic_visit(node)
        record = self.record(node.func)
        if record is None or any(isinstance(argument, ast.Starred) for argument in node.args):
            return
        fields, name = record["fields"], record["name"]
        known = [keyword.arg for keyword in node.keywords]
        if len(node.args) > len(fields):
            what = f"`{name}` has {len(fields)} fields, and is made with {len(node.args)}"
            self.problems.append(problem(self.path, node, what, record["wit"]))
            return
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in fields:
                what = f"`{name}` has no field `{keyword.arg}`"
                self.problems.append(problem(self.path, keyword, what, record["wit"], f"its fields are {', '.join(fields)}"))
        if None in known:
            return
        for field in fields[len(node.args):]:
            if field not in known:
                what = f"`{name}` lacks its field `{field}`"
                self.problems.append(problem(self.path, node, what, f"{record['wit']} {field}"))


main(*sys.argv[1:])
