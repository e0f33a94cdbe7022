#!/usr/bin/env python3
"""Writes pack.schema.json and calendar.schema.json from proto/forbear/v1/policy.proto.

    /usr/bin/python3 policies/schema/make_schema.py           writes both beside this file
    /usr/bin/python3 policies/schema/make_schema.py --check   writes nothing; 1: they are not what
                                                              the proto says

Needs protoc and Debian's python3-protobuf. What the proto says with types, json_names, comments and
its options `key` and `shape` is turned into JSON Schema 2020-12; the same proto gives the same bytes.
"""
import argparse
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
SOURCES = ["forbear/v1/policy.proto", "forbear/v1/types.proto", "forbear/v1/words.proto"]
WRITTEN = {"pack.schema.json": "Pack", "calendar.schema.json": "Calendar"}

# Words of a vocabulary that stand for what a pack declares, and are never written.
NEVER_WRITTEN = {"declared"}

MONTH_DAY = ("(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
             "|02-(?:0[1-9]|[12][0-9]))")
# How a text looks, and what an editor says when it does not.
FORMS = {
    "FORM_NAME": ("^[a-z][a-z0-9_]*$", "A name: small letters, digits and `_`, a letter first."),
    "FORM_DATE": (f"^(?:19[0-9][0-9]|20[0-9][0-9]|2100)-{MONTH_DAY}$", "A date, as in `2026-03-10`."),
    "FORM_TIME": ("^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "A time of day, as in `08:00`."),
    "FORM_MONTH_DAY": (f"^{MONTH_DAY}$", "A day of the year, as in `12-25`."),
}


def holds(key, word):
    """True where `key` is that word, or a list that has it."""
    return {"required": [key], "properties": {key: {"anyOf": [
        {"const": word}, {"type": "array", "contains": {"const": word}}]}}}


def either(*schemas):
    return {"anyOf": list(schemas)}


HAS_CALENDAR = {"required": ["calendar"]}
OF_DEEMED = {"required": ["deemed"]}
# What one key asks of another, where `needed`, `pairs` and `some_of` cannot say it.
BETWEEN_KEYS = {
    "Wait": [
        {"if": either({"required": ["business_days"]}, holds("skip", "holiday"),
                      {**OF_DEEMED, "properties": {"deemed": holds("skip", "holiday")}}),
         "then": either(HAS_CALENDAR, {**OF_DEEMED, "properties": {"deemed": HAS_CALENDAR}})},
    ],
    "DayBlackout": [{"if": holds("days", "holiday"), "then": HAS_CALENDAR}],
    "ContactHours": [
        {"if": {"required": ["source"],
                "properties": {"source": {"required": ["as"], "properties": {"as": {"const": "only"}}}}},
         "then": {"not": {"required": ["windows"]}}, "else": {"required": ["windows"]}},
    ],
    "ConsentRequired": [
        {"if": {"required": ["routes"]},
         "then": {"propertyNames": {"enum": ["routes", "scope", "fresh"]}},
         "else": {"required": ["covers"]}},
    ],
}


class Compiled:
    """The proto as Python sees it: the module, and the comment of each thing in it."""

    def __init__(self, folder):
        subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={folder}", "--include_source_info",
                        "--include_imports", f"--descriptor_set_out={folder}/all.bin", *SOURCES],
                       check=True)
        sys.path.insert(0, str(folder))
        try:
            self.policy = importlib.import_module("forbear.v1.policy_pb2")
            self.types = importlib.import_module("forbear.v1.types_pb2")
            self.words = importlib.import_module("forbear.v1.words_pb2")
        finally:
            sys.path.remove(str(folder))
        files = descriptor_pb2.FileDescriptorSet.FromString(
            (pathlib.Path(folder) / "all.bin").read_bytes())
        self.comments = {}
        for file in files.file:
            if file.name in SOURCES:
                self._keep_comments(file)

    def _keep_comments(self, file):
        said = {tuple(at.path): " ".join(at.leading_comments.split())
                for at in file.source_code_info.location}

        def of_enum(enum, prefix, path):
            self.comments[f"{prefix}.{enum.name}"] = said.get(path, "")
            for i, value in enumerate(enum.value):
                self.comments[f"{prefix}.{enum.name}.{value.name}"] = said.get((*path, 2, i), "")

        def of_message(message, prefix, path):
            name = f"{prefix}.{message.name}"
            self.comments[name] = said.get(path, "")
            for i, field in enumerate(message.field):
                self.comments[f"{name}.{field.name}"] = said.get((*path, 2, i), "")
            for i, enum in enumerate(message.enum_type):
                of_enum(enum, name, (*path, 4, i))
            for i, nested in enumerate(message.nested_type):
                of_message(nested, name, (*path, 3, i))

        for i, message in enumerate(file.message_type):
            of_message(message, file.package, (4, i))
        for i, enum in enumerate(file.enum_type):
            of_enum(enum, file.package, (5, i))

    def comment(self, full_name):
        text = self.comments.get(full_name, "")
        if not text:
            sys.exit(f"make_schema: `{full_name}` has no comment; say what it is")
        return text

    def enum(self, name):
        """The enum called `name` in the proto, as in `Channel` or `WeeklySlot.Day`."""
        *outer, last = name.split(".")
        for module in (self.policy, self.words, self.types):
            at = module.DESCRIPTOR
            scope = at.message_types_by_name.get(outer[0]) if outer else None
            found = (scope.enum_types_by_name if scope else at.enum_types_by_name).get(last)
            if found is not None:
                return found
        sys.exit(f"make_schema: no enum `{name}`; mend `words` in the proto")

    def key(self, field):
        return field.GetOptions().Extensions[self.policy.key]

    def shape(self, message):
        return message.GetOptions().Extensions[self.policy.shape]

    def alone(self, field):
        return self.policy.Alone.Name(self.key(field).alone)


def words_of(enum):
    """Pairs of a word and the enum value that it stands for, in order."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    for value in enum.values:
        word = value.name.removeprefix(prefix).lower()
        if value.number != 0 and word not in NEVER_WRITTEN:
            yield word, value


def short_name(descriptor):
    return descriptor.full_name.removeprefix("forbear.v1.")


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def is_list(field):
    return field.label == field.LABEL_REPEATED and not is_map(field)


def key_name(field):
    """The key in a pack. A json_name that nobody chose would be in another spelling."""
    if field.json_name != field.json_name.lower():
        sys.exit(f"make_schema: `{field.full_name}` has no json_name; write the key of the language")
    return field.json_name


class Maker:
    """Makes one schema: the definitions that a message needs, each once."""

    def __init__(self, compiled):
        self.compiled = compiled
        self.defs = {}

    def schema(self, root, file):
        message = self.compiled.policy.DESCRIPTOR.message_types_by_name[root]
        body = self._object(message, None)
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$comment": "Made by policies/schema/make_schema.py from proto/forbear/v1/policy.proto; "
                        "change that file and make this one anew.",
            "title": f"{root} ({file})",
            **body,
            "$defs": dict(sorted(self.defs.items())),
        }

    # ---- definitions ----

    def _define(self, name, make):
        if name not in self.defs:
            self.defs[name] = {}  # a message may hold itself
            self.defs[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def _enum(self, enum):
        def make():
            pairs = list(words_of(enum))
            return {
                "description": self.compiled.comment(enum.full_name),
                "enum": [word for word, _ in pairs],
                "enumDescriptions": [self.compiled.comment(f"{enum.full_name}.{value.name}")
                                     for _, value in pairs],
            }
        return self._define(short_name(enum), make)

    def _account_dates(self):
        condition = self.compiled.policy.DESCRIPTOR.message_types_by_name["Condition"]
        dates = [field for field in condition.fields if field.message_type is not None
                 and field.message_type.name == "DayTest" and field.json_name.startswith("account.")]
        return {"enum": [field.json_name for field in dates],
                "enumDescriptions": [self.compiled.comment(field.full_name) for field in dates]}

    def _text(self, key):
        """A text as `key` wants it."""
        form = self.compiled.policy.Form.Name(key.form)
        choices = [self._enum(self.compiled.enum(name)) for name in key.words]
        if key.also:
            choices.append({"enum": list(key.also)})
        if form == "FORM_ACCOUNT_DATE":
            choices.append(self._account_dates())
        elif form != "FORM_UNSPECIFIED":
            pattern, says = FORMS[form]
            choices.append({"type": "string", "pattern": pattern, "patternErrorMessage": says})
        if key.open:
            choices.append({"type": "string", "pattern": FORMS["FORM_NAME"][0],
                            "description": "A name that a pack declares under `vocabulary`."})
        if not choices:
            return {"type": "string"}
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _item(self, field, given):
        """One value of a field. `given`: what the field that leads here says of the texts in it."""
        key = self.compiled.key(field)
        if field.type == field.TYPE_MESSAGE:
            return self._message(field.message_type, key)
        if field.type == field.TYPE_ENUM:
            return self._enum(field.enum_type)
        if field.type == field.TYPE_BOOL:
            return {"type": "boolean"}
        if field.type == field.TYPE_STRING:
            own = key.words or key.also or key.form
            return self._text(key if own or given is None else given)
        number = {"type": "integer"}
        if key.HasField("least"):
            number["minimum"] = key.least
        if key.HasField("most"):
            number["maximum"] = key.most
        return number

    def _list(self, item, some):
        whole = {"type": "array", "items": item}
        if some:
            whole["minItems"] = 1
        return {"oneOf": [item, whole]}

    def _value(self, field, given):
        if is_map(field):
            return {"type": "object",
                    "additionalProperties": self._item(
                        field.message_type.fields_by_name["value"], None)}
        item = self._item(field, given)
        return self._list(item, self.compiled.key(field).some) if is_list(field) else item

    def _message(self, message, key):
        """A message where `key` leads to it."""
        if message.full_name == "google.protobuf.Struct":
            return {"type": "object"}
        name = short_name(message)
        takes_words = any(self.compiled.alone(field) == "ALONE_ONLY" and is_list(field)
                          and field.type == field.TYPE_STRING for field in message.fields)
        given = None
        if takes_words:  # a test of words, each vocabulary on its own
            given = key
            parts = [*key.words, *key.also, *(["name"] if key.open or key.form == 1 else [])]
            name = "-".join([name, *parts])
        map_name = name
        alone = [field for field in message.fields if self.compiled.alone(field) != "ALONE_UNSPECIFIED"]
        if alone:
            map_name = f"{name}.map"
        as_map = None
        if any(self.compiled.alone(field) != "ALONE_ONLY" for field in message.fields):
            as_map = self._define(map_name, lambda: self._object(message, given))
        if not alone or key.map_only:
            return as_map

        def make():
            forms = []
            for field in alone:
                once = is_list(field) and self.compiled.alone(field) == "ALONE_ALSO"
                forms.append(self._item(field, given) if once else self._value(field, given))
            flat = []
            for form in forms:  # a list of forms in a form reads better as one list
                flat += form["oneOf"] if set(form) == {"oneOf"} else [form]
            described = {"description": self.compiled.comment(message.full_name)}
            if as_map is not None:
                return {**described, "oneOf": [*flat, as_map]}
            # Names of several kinds overlap: here any will do.
            return {**described, "anyOf": flat}
        return self._define(name, make)

    # ---- maps ----

    def _object(self, message, given):
        shape = self.compiled.shape(message)
        description = self.compiled.comment(message.full_name)
        if shape.list:
            items = [{"description": self.compiled.comment(field.full_name), **self._value(field, None)}
                     for field in message.fields]
            return {"description": description, "type": "array", "prefixItems": items,
                    "items": False, "minItems": len(items)}
        properties, required, more, groups = {}, [], [], {}
        for field in message.fields:
            key = self.compiled.key(field)
            if self.compiled.alone(field) == "ALONE_ONLY":
                continue
            if key.beside:
                inner = self._message(field.message_type, key)["$ref"]
                for name in self._keys(field.message_type):
                    properties.setdefault(name, {"$ref": f"{inner}/properties/{name}"})
                continue
            properties[key_name(field)] = {"description": self.compiled.comment(field.full_name),
                                           **self._value(field, given)}
            if key.needed:
                required.append(key_name(field))
            oneof = field.containing_oneof
            if oneof is not None and not oneof.name.startswith("_"):
                groups.setdefault(oneof.name, []).append(key_name(field))
        made = {"description": description, "type": "object", "properties": properties,
                "additionalProperties": False}
        if required:
            made["required"] = required
        if shape.some:
            made["minProperties"] = 1
        pairs = {}
        for pair in shape.pairs:
            left, right = pair.split()
            pairs[left], pairs[right] = [right], [left]
        if pairs:
            made["dependentRequired"] = pairs
        for members in groups.values():
            more.append({"oneOf": [{"required": [name]} for name in members]})
        if shape.some_of:
            more.append(either(*({"required": [name]} for name in shape.some_of)))
        more += BETWEEN_KEYS.get(short_name(message), [])
        if more:
            made["allOf"] = more
        for name in [*shape.some_of, *(part for pair in shape.pairs for part in pair.split())]:
            if name not in properties:
                sys.exit(f"make_schema: `{message.full_name}` has no key `{name}`; mend its shape")
        return made

    def _keys(self, message):
        return [key_name(field) for field in message.fields if self.compiled.alone(field) != "ALONE_ONLY"]


def make():
    """Each file's name and text."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = Compiled(folder)
        return {file: json.dumps(Maker(compiled).schema(root, file), indent=1, ensure_ascii=False) + "\n"
                for file, root in WRITTEN.items()}


def main():
    arguments = argparse.ArgumentParser(description="Writes the JSON Schemas of packs and calendars.")
    arguments.add_argument("--check", action="store_true", help="write nothing; 1: they differ")
    check = arguments.parse_args().check
    differ = 0
    for file, text in make().items():
        path = HERE / file
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                print(f"policies/schema/{file} is not what policy.proto says; run "
                      "policies/schema/make_schema.py", file=sys.stderr)
                differ = 1
        else:
            path.write_text(text, encoding="utf-8")
    return differ


if __name__ == "__main__":
    sys.exit(main())
