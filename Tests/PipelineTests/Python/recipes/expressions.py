"""Azure's expressions (learn.microsoft.com/azure/devops/pipelines/process/expressions), as far as the recipe has them."""

import re

TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w.-]*)|([(),\[\]]))")


def evaluate(text, values, status="Succeeded"):
    tokens = [match.groups() for match in TOKEN.finditer(text.strip())]
    result, rest = parse(tokens, values, status)
    if rest:
        raise ValueError(text)
    return result


def parse(tokens, values, status):
    (literal, name, mark), *rest = tokens
    if literal is not None:
        return literal.replace("''", "'"), rest
    if name is None:
        raise ValueError(mark)
    if rest and rest[0][2] == "(":
        arguments, rest = [], rest[1:]
        while rest[0][2] != ")":
            argument, rest = parse(rest, values, status)
            arguments.append(argument)
            if rest[0][2] == ",":
                rest = rest[1:]
        return call(name, arguments, status), rest[1:]
    value = values
    for part in name.split("."):
        value = value.get(part, {}) if isinstance(value, dict) else {}
    while rest and rest[0][2] == "[":
        key, rest = parse(rest[1:], values, status)
        value = value.get(key, {}) if isinstance(value, dict) else {}
        rest = rest[1:]
    # What is not there is empty text; an empty object that is there stays one.
    return "" if value == {} and name != "parameters.env" else value, rest


def call(name, arguments, status):
    match name:
        case "and": return all(arguments)
        case "eq": return str(arguments[0]).lower() == str(arguments[1]).lower()
        case "ne": return str(arguments[0]).lower() != str(arguments[1]).lower()
        case "in": return arguments[0] in arguments[1:]
        case "iif": return arguments[1] if arguments[0] else arguments[2]
        case "lower": return str(arguments[0]).lower()
        case "always": return True
        case "succeeded": return status in ("Succeeded", "SucceededWithIssues")
    raise ValueError(name)
