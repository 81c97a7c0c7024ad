"""Verbs that make and change forms.  A docstring is its verb's line in the help."""
import json

from .exact_json import compact
from .names import Refused, Table
from .xbb_form import Form, catalogue
from .xbb_forms import every_form
from .xbb_objects import FORM_REQUIRED, PLAIN
from .xbb_records import RecordList

verb = Table()


def add(tenant, form, records, seed):
    """A form, with a list of its records if its object has one."""
    if form.kind in PLAIN or form.kind in FORM_REQUIRED:
        args = {"records": records, "seed": seed + form.form_id, "first_id": 60_000_001 + form.form_id % 100_000 * 1000}
        new = RecordList(tenant, form.kind, form.form_id, args, form)
        tenant.lists[form.kind, form.form_id] = new
        new.reshow()
    else:
        tenant.bare_forms[form.form_id] = form
    tenant.version += 1


@verb("forms")
def do_forms(control, tenant, args, rest):
    """forms [n=59] [records=12] [seed=1] [first_form=5300301]: a catalogue of forms: system ones, some without a
    list, custom ones; one with every fieldType, one with strange labels.  With the products that makes 60"""
    records, seed = int(args.pop("records", 12)), int(args.pop("seed", 1))
    for form in catalogue(int(args.pop("n", 59)), seed, int(args.pop("first_form", 5300301))):
        add(tenant, form, records, seed)


@verb("form")
def do_form(control, tenant, args, rest):
    """form form_id=N [object=paas] [name=] [business=N] [approval=0] [records=12] [file=PATH | JSON]: a form as
    form/get answers it (the answer, its result, or explainList), from a file too; of a form that is there only
    what is given changes.  form form_id=N gone=on: it is no more"""
    form_id, file = int(args.pop("form_id")), args.pop("file", None)
    known = next((f for f in every_form(tenant) if f.form_id == form_id), None)
    if args.pop("gone", None):
        tenant.bare_forms.pop(form_id, None)
        for key in [k for k in tenant.lists if k[1] == form_id]:
            del tenant.lists[key]
        tenant.version += 1
        return
    if file:
        with open(file, encoding="utf-8") as opened:
            rest = [opened.read()]
    fields = known.fields if known else []
    if rest:
        fields = json.loads(rest[0])
        for name in ("result", "explainList"):
            fields = fields.get(name, fields) if isinstance(fields, dict) else fields
    if not isinstance(fields, list):
        raise Refused("no explainList in it")
    kind, name = args.pop("object", known.kind if known else "paas"), args.pop("name", known.name if known else "表单")
    business, process = args.pop("business", known and known.business), int(args.pop("approval", known.process if known else 0))
    records = int(args.pop("records", 12))
    if known and (known.kind, known.business) == (kind, business) and own(tenant, known):
        known.name, known.fields, known.process = name, fields, process
        redraw(tenant, known)
    else:
        add(tenant, Form(kind, form_id, name, fields, business and int(business), process), records, 1)


@verb("field")
def do_field(control, tenant, args, rest):
    """field form_id=N attr=A [JSON]: a field of a form: new, or its members changed, or gone (null); without JSON
    prints it"""
    form_id, attr = int(args.pop("form_id")), args.pop("attr")
    known = next((f for f in every_form(tenant) if f.form_id == form_id), None)
    if known is None:
        raise Refused(f"no form {form_id}")
    if not rest:
        return compact(known.field(attr))
    if not own(tenant, known):
        raise Refused("the definition of this form is fixed: give it one by form")
    members = json.loads(rest[0])
    if members is None and known.field(attr) is None:
        raise Refused(f"no field {attr}")
    known.change(attr, members)
    redraw(tenant, known)


def own(tenant, form):
    """Is it kept as data?"""
    return any(found.form is form for found in tenant.lists.values()) or form in tenant.bare_forms.values()


def redraw(tenant, form):
    tenant.version += 1
    for found in tenant.lists.values():
        if found.form is form:
            found.redraw()
