"""Manual pages of a program from its own description of the command line.

    hadamesh --experimental-dump-help | python3 launch/manual.py DIR

Writes DIR/hadamesh.1, and DIR/hadamesh-COMMAND.1 for each subcommand. Nothing is said here that the program
does not say itself.
"""

import json
import re
import sys
from pathlib import Path


def escaped(text):
    """The text for roff: no escape, no line that begins like a request, and real hyphens."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def paragraphs(text):
    """Paragraphs that are filled, and those with indented lines as they are."""
    lines = []
    for block in text.strip().split("\n\n"):
        if any(line.startswith("  ") for line in block.splitlines()):
            lines += [".PP", ".nf", *[escaped(line) for line in block.splitlines()], ".fi"]
        else:
            lines += [".PP", escaped(block)]
    return lines


def names(argument):
    """How an argument is written: `<run>`, `-o, --output <output>`, `--quiet`."""
    value = f"<{argument.get('valueName', 'value')}>"
    if argument["kind"] == "positional":
        return value + ("..." if argument["isRepeating"] else "")
    written = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    return ", ".join(written) + (f" {value}" if argument["kind"] == "option" else "")


def synopsis(argument):
    text = names(argument)
    if argument["kind"] != "positional":
        text = text.split(", ")[-1]
    return f"[{text}]" if argument["isOptional"] else text


def page(command, program, others):
    name = command["commandName"] if command is program else f"{program['commandName']}-{command['commandName']}"
    shown = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    written = name.replace("-", " ", 1)
    lines = [
        f'.TH "{name.upper()}" 1', ".SH NAME", f"{escaped(name)} \\- {escaped(command.get('abstract', ''))}",
        ".SH SYNOPSIS", f".B {escaped(written)}",
        escaped(" ".join(["<subcommand>"] if command is program else [synopsis(argument) for argument in shown])),
    ]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", *paragraphs(command["discussion"])]
    if shown:
        lines.append(".SH OPTIONS")
        for argument in shown:
            lines += [".TP", f".B {escaped(names(argument))}", escaped(argument.get("abstract", "").strip())]
    if command is program:
        lines.append(".SH SUBCOMMANDS")
        for other in others:
            lines += [".TP", f".BR {escaped(name)}\\-{escaped(other['commandName'])} (1)", escaped(other.get("abstract", ""))]
    else:
        lines += [".SH SEE ALSO", f".BR {escaped(program['commandName'])} (1)"]
    return name, "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: hadamesh --experimental-dump-help | python3 launch/manual.py DIR")
    program = json.load(sys.stdin)["command"]
    others = [command for command in program["subcommands"] if command["commandName"] != "help"]
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for command in [program, *others]:
        name, text = page(command, program, others)
        (folder / f"{name}.1").write_text(text)


if __name__ == "__main__":
    main()
