"""Calls one function of a Python package for each line of standard input, and writes what it answered or raised."""

import importlib
import inspect
import json
import sys

from chaoslib.exceptions import ActivityFailed

for line in sys.stdin:
    case = json.loads(line)
    function = getattr(importlib.import_module(case["module"]), case["func"])
    names = inspect.signature(function).parameters
    arguments = dict(case["arguments"])
    for given in ("configuration", "secrets"):
        if given in names:
            arguments[given] = case.get(given)
    try:
        answer = {"value": json.loads(json.dumps(function(**arguments), default=repr))}
    except ActivityFailed as error:
        answer = {"failed": str(error)}
    except BaseException as error:
        answer = {"raised": type(error).__name__}
    print(json.dumps(answer), flush=True)
