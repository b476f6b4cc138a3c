"""Runs functions of Python modules for Holdfast: one JSON object a line in on descriptor 3, one out on descriptor 4."""

import decimal
import importlib
import inspect
import json
import os
import sys
import threading
import traceback
import uuid
from datetime import date

sys.path.insert(0, os.getcwd())
requests = os.fdopen(3, "r", encoding="utf-8")
answers = os.fdopen(4, "w", encoding="utf-8")
lock = threading.Lock()


def encode(value):
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, decimal.Decimal)):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Exception):
        return "An exception was raised: {}('{}')".format(type(value).__name__, value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return repr(value)


def keys_as_text(value):
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(k): keys_as_text(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [keys_as_text(v) for v in value]
    return value


def answer(message):
    text = json.dumps(message, default=encode)
    with lock:
        answers.write(text + "\n")
        answers.flush()


def check(call):
    """What is wrong with a call before it is made, in the words of chaostoolkit-lib."""
    name = call["name"]
    try:
        module = importlib.import_module(call["module"])
    except ImportError:
        return "could not find Python module '{}' in activity '{}'".format(call["module"], name)
    function = getattr(module, call["func"], None)
    if not (inspect.isfunction(function) or inspect.isbuiltin(function)):
        return "The python module '{}' does not expose a function called '{}' in {} '{}'".format(
            call["module"], call["func"], call["type"], name
        )
    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    arguments = dict(call["arguments"])
    for given in ("secrets", "configuration"):
        if given in signature.parameters:
            arguments[given] = None
    try:
        signature.bind(**arguments)
    except TypeError as error:
        text = str(error)
        if "missing" in text:
            # The function's name, though it says activity: so does chaostoolkit-lib.
            return "required argument {} is missing from activity '{}'".format(text.rsplit(":", 1)[1].strip(), call["func"])
        if "unexpected" in text:
            return "argument {} is not part of the function signature in activity '{}'".format(
                text.rsplit(" ", 1)[1].strip(), call["func"]
            )
        return "the arguments of activity '{}' do not fit: {}".format(name, text)
    return None


def given(function, call, names):
    arguments = dict(call["arguments"])
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return arguments
    for name in names:
        if name in call and name in parameters:
            arguments[name] = call[name]
    return arguments


def run(call):
    function = getattr(importlib.import_module(call["module"]), call["func"])
    return function(**given(function, call, ("secrets", "configuration")))


def control(call):
    """A control's function, when its module has one; what it raises is told, and is the caller's to judge."""
    try:
        module = importlib.import_module(call["module"])
    except ImportError:
        return {"called": False, "missing": True}
    function = getattr(module, call["func"], None)
    if function is None:
        return {"called": False}
    arguments = given(function, call, ("secrets", "configuration", "state", "experiment", "extensions", "settings"))
    if "context" in call:
        arguments["context"] = call["context"]
    function(**arguments)
    return {"called": True, "context": call.get("context"), "state": call.get("state"), "experiment": call.get("experiment")}


def serve(call):
    try:
        work = {"check": check, "run": run, "control": control}[call["do"]]
        answer({"id": call["id"], "value": keys_as_text(work(call))})
    except BaseException as error:
        answer(
            {
                "id": call["id"],
                "error": traceback.format_exception_only(type(error), error)[0].strip(),
                "interrupts": any(base.__name__ == "InterruptExecution" for base in type(error).__mro__),
                "traceback": traceback.format_exception(type(error), error, error.__traceback__),
            }
        )


for line in requests:
    threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
