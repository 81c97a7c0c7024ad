#!/usr/bin/env python3
"""Proof that test_pager can fail: the pager with one rule removed, many times over.

Each mutant is one change of the text of a source file.  It is built and run; a mutant that passes, one that does not
compile, and one whose text is not found any more are failures of this test.  The audit heals much, so that the rules
of the theorem are removed from a pager without audit; that one must pass where no assumption is broken.

    pager_mutants.py [schedules]
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

UNIT = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(UNIT, "..", "..", "src")
CPU_SECONDS = 120   # of a part, which takes 40 at most

FIRST_PAGE = ("pager_audit.c", "page * p->config.page_size <= API_LIST_RECORDS ? (int) page : 1;", "page > 0;")

END_PAGE = ["window.c", "window->end_seen |= end_page(total, width) == 0;", "window->end_seen = true;"]

NO_AUDIT = ("pager_rounds.c",
            "p->phase = p->asked == 1 ? PAGER_COMPLETE : PAGER_ASK_AUDIT;", "p->phase = PAGER_COMPLETE;")

MUTANTS = [     # what is removed, file, text, what stands there instead
    ("the audit", *NO_AUDIT),
    ("settle_time", "pager_rounds.c",
     "level->settled = date - p->config.settle - p->overlap;", "level->settled = date - p->overlap;"),
    ("the audit's remedies", "pager_audit.c",
     "if (p->remedy == NREMEDIES)", "if (p->remedy == 0)"),
    ("the audit in parts", "pager_audit.c",
     "if (p->audit_total == API_LIST_RECORDS)", "if (p->audit_total < 0)"),
    ("doubt of an audit that came too early", "pager_audit.c",
     "if (p->audited < idset_count(&p->seen))", "if (p->audited < 0)"),
    ("the audit beside the last question", "pager_rounds.c",
     "(p->phase == PAGER_ASK_REST && p->waiting && p->depth == 0 &&", "(false &&"),
    ("rest and audit beside the last pages", "pager_rounds.c",
     "return p->phase == PAGER_READ_WINDOWS && p->depth == 0 &&", "return p->phase == PAGER_COMPLETE &&"),
    ("the count of what an early audit may find", "pager_audit.c",
     "n += w->total;", "n += 0 * w->total;"),
    ("trust in windows read after the audit", "pager_windows.c",
     "p->audited += idset_count(&p->seen) - before;", "p->audited += 0 * before;"),
    ("rest where the audit counts more than the question", "pager_audit.c",
     "else if (p->levels[0].instant)\n", "else if (false)\n"),
    ("the question's page", "pager_windows.c",
     "if (p->remedy > 0 || p->restless ||", "if (p->remedy >= 0 || p->restless ||"),
    ("windows begun by guess", "pager_windows.c",
     "if (awaited ? idle && openings < most_probes(p, level, w) : openings < PROBES)", "if (openings == 0)"),
    ("halves where nothing is known", "pager_windows.c",
     "if (part > .5 || window->survey)", "if (part > .5)"),
    ("what totals tell about the rest", "pager_windows.c",
     "rest->guess += excess;", "rest->guess += 0 * excess;"),
    ("finishing what was begun", "pager_windows.c",
     "return window->begun > 0 &&", "return other->begun < 0 &&"),
    ("the end of a window's range", "pager_windows.c",
     "wider.high = pager_later(wider.high, p->overlap);", "wider.has_high = false;"),
    ("room for the oldest window", "pager_core.c",
     "return p->held + p->in_flight + reserved < p->config.max_pages;", "return reserved >= 0;"),
    ("the way out when there is no room", "pager_windows.c",
     "unread_window(p, victim, victim->members);", "return;"),
    ("patience with a second", "pager_windows.c",
     "#define PATIENCE	12", "#define PATIENCE	1"),
    ("the page after the last, in windows and audit", *END_PAGE),
    ("an id once", "pager_core.c",
     "if (idset_add(&p->seen, &p->memory, r.id) && r.row >= 0)", "idset_add(&p->seen, &p->memory, r.id);\n\t\tif (r.row >= 0)"),
    ("the user's bounds on new versions", "window.c",
     "answer->ids[i], is_outside(answer, i, bounds) ? -1 : i", "answer->ids[i], bounds ? i : is_outside(answer, i, bounds)"),
    ("the check of conditions", "pager.c",
     "if ((range.has_low && v < range.low) ||", "if ((false && v < range.low) ||"),
    ("tolerance of new versions", "pager.c",
     "v > range.high && v <= settled)", "v > range.high && settled > 0)"),
    ("the total's absence", "pager.c",
     "if (answer->total < 0 && p->config.method != PAGER_SINGLE)", "if (answer->total < -1)"),
    ("giving pages back", "pager.c",
     "page_list_add(&p->freed, page_list_pop(&p->rows));", "page_list_pop(&p->rows);"),
    ("the budget of requests", "pager.c",
     "if (p->asked >= FREE_REQUESTS && p->asked >= count_affordable(p))", "if (count_affordable(p) < 0)"),
    ("the budget's doubt of claims", "pager.c",
     "p->known < p->claimed ? p->known : p->claimed", "p->claimed"),
    ("the budget's doubt of growth", "pager.c",
     "p->known < p->claimed ? p->known : p->claimed", "p->known"),
    ("doubt of great totals", "pager.c",
     "if (answer->total > PAGER_MOST ||", "if (answer->total < INT64_MIN ||"),
    ("the most that a settle_time can be", "pager.c",
     "p->config.settle = INT32_MAX;", ";"),
    ("the end of the clock", "pager.c",
     "pager_later(p->clock, p->sleep)", "p->clock + p->sleep"),
    ("an answer to nothing", "pager.c",
     "if (flight.ticket == 0 || flight.ticket != answer->ticket)", "if (flight.ticket == 0)"),
    ("the end of time", "pager_range.c",
     "if (seconds > 0 && time > INT64_MAX - seconds)", "if (false)"),
    ("the beginning of time", "pager_range.c",
     "if (seconds < 0 && time < INT64_MIN - seconds)", "if (false)"),
    ("all of time", "pager_range.c",
     "(uint64_t) (((uint64_t) right - (uint64_t) left) * part)", "(uint64_t) ((right - left) * part)"),
    ("room that cannot be made", "pager_windows.c",
     "else if (level->windows)\n", "else if (level)\n"),
    ("pages of a great number", "window.c",
     "n / width + (n % width > 0)", "(n + width - 1) / width"),
    ("an expectation below nothing", "idset.c",
     "n > 0 ? n : 0", "n"),
    ("records without addTime by updateTime", "pager_audit.c",
     "pager_begin_level(p, PAGER_UPDATE_TIME, p->config.bounds);", "pager_begin_level(p, p->config.key, p->config.bounds);"),
    ("pages as a remedy", "pager_audit.c",
     "LOOK_OVERLAPPING, LOOK_AT_PAGES, LOOK_AT_PAGES", "LOOK_OVERLAPPING"),
    ("windows that overlap", "pager_audit.c",
     "p->overlap = 1;", "p->overlap = 0;"),
    ("what was seen and not handed on", "pager_audit.c",
     "p->remedy > wanted)", "p->remedy >= 0)"),
    ("the shortest way to it", "pager_audit.c",
     "p->remedy = wanted;", "p->remedy += 0;"),
    ("the way for what has no updateTime", "pager_audit.c",
     "p->bare.lacks_update ? LOOK_AT_PAGES : LOOK_AT_ALL", "LOOK_AT_ALL"),
    ("the name of a record without times", "pager_audit.c",
     "pager_blame(p, &p->bare);", ";"),
    ("what lies deeper than pages", "pager_audit.c",
     "p->list_total > API_LIST_RECORDS &&", "p->list_total < 0 &&"),
    ("doubt of what changes meanwhile", "pager_audit.c",
     "missing == p->missing)", "missing > 0)"),
    ("answers given up while pages are read", "pager_list.c",
     "else if (!pager_awaits(p, NULL) && !has_more(p))", "else if (p->in_flight == 0 && !has_more(p))"),
    ("bounds that what has no time does not meet", "window.c",
     "answer->times[t][row] == 0))", "answer->times[t][row] == INT64_MIN))"),
    ("a time that is yet to come", "pager_rounds.c",
     "return date > pager_later(p->future_since,", "return date < pager_later(INT64_MIN + p->future_since * 0,"),
    ("one that comes soon", "pager_rounds.c",
     "if (times[i] <= pager_later(date, STALLS))", "if (times[i] <= date)"),
    ("the clock that it is later than", "pager_rounds.c",
     "\tif (!was)\n", "\tif (true)\n"),
    ("the widest page", "pager.c",
     "p->width = p->widest < p->config.page_size ? p->widest : p->config.page_size;", "p->width = p->config.page_size;"),
    ("plain: the final count", "pager_list.c",
     "else if (received != p->list_total)", "else if (received > p->list_total)"),
    ("plain: equal totals", "pager_list.c",
     "else if (changed && p->config.method == PAGER_PLAIN)", "else if (changed && p->width == 0)"),
    ("plain: no trust in 10,000", "pager_list.c",
     "else if (p->list_total == API_LIST_RECORDS)", "else if (p->list_total < 0)"),
    ("repeated: the second reading", "pager_list.c",
     "if (p->readings == 0 || idset_count", "if (p->readings == 0)\n\t\treturn true;\n\tif (idset_count"),
    ("repeated: the same ids", "pager_list.c",
     "if (!idset_has(&p->earlier, page->kept[i].id))", "if (idset_count(&p->earlier) == 0)"),
    ("the limit", "pager_list.c",
     "if (missing > 0 && window_pages(missing, p->width) < most)", "if (missing < INT64_MIN / 2)"),
    ("the depth of a limited scan", "pager_list.c",
     "(int64_t) (p->list_page + 1) * p->config.page_size > API_LIST_RECORDS)", "p->list_page < 0)"),
]

THEOREM = [     # likewise, the audit removed too
    ("the closed range", "pager_rounds.c",
     "span.high = level->settled;", "span.high = level->settled + 3600;"),
    ("the rest above hi", "pager_rounds.c",
     "(p->depth > 0 && level->key == PAGER_ADD_TIME);", "true;"),
    ("rounds in a second of addTime", "pager_rounds.c",
     "(p->depth > 0 && level->key == PAGER_ADD_TIME);", "(p->depth > 0);"),
    ("the next round's first second", "pager_core.c",
     "rest.low = pager_later(level->settled, 1);", "rest.low = pager_later(level->settled, 2);"),
    ("windows that touch", "pager_windows.c",
     "rest.low = middle + 1;", "rest.low = middle + 2;"),
    ("forgetting answers given up", "pager_core.c",
     "p->flights[i].stale = true;", "p->flights[i].stale = false;"),
    ("the total over all joined sweeps", "window.c",
     "if (total != window->members)", "if (window->members < 0)"),
    ("distinct ids", "window.c",
     "idset_count(&window->ids) == window->total)", "window_due(window) + window->in_flight == 0)"),
    ("the last record of a window", "window.c",
     "idset_count(&window->ids) == window->total)", "idset_count(&window->ids) >= window->total - 1)"),
    ("totals known before the rest is asked", "pager_windows.c",
     "if (w->state != WINDOW_READING || w->total < 0 || window_due(w) > 0)",
     "if (w->state != WINDOW_READING || w->next_page < 2 || window_due(w) > 0)"),
    ("asking the rest again", "pager_rounds.c",
     "\tif (!p->early)\n\t\treturn;\n", "\tif (!p->early || p->rest_read)\n\t\treturn;\n"),
    ("taking up that a window was disturbed", "pager_rounds.c",
     "if (p->disturbed)", "if (false)"),
    ("doubt of a question's page", "pager_rounds.c",
     "p->levels[0].instant = p->levels[1].instant = false;", ";"),
    ("distinct ids of one answer", "pager_core.c",
     "if (answer->nrows != answer->total || answer->nrows > p->config.page_size)", "if (answer->nrows < p->config.page_size / 2)"),
]


def pure_sources():
    """The pager and what it stands on, as paths below SRC."""
    return [*(f"pager/{name}" for name in sorted(os.listdir(os.path.join(SRC, "pager"))) if name.endswith((".c", ".h"))),
            "base/idset.c", "base/idset.h", "base/limits.h", "base/range.h"]


def build(directory):
    unit = os.path.join(directory, "unit")
    sources = [os.path.join(directory, name) for name in pure_sources() if name.endswith(".c")]
    program = os.path.join(directory, "test_pager")
    world = os.path.join(directory, "world.o")
    compiler = ["gcc", "-std=gnu99", "-O1", "-w", "-fno-wrapv", "-I", directory]
    subprocess.run([*compiler, "-c", os.path.join(unit, "world.c"), "-o", world], check=True)
    subprocess.run([*compiler, "-fsanitize=undefined", "-fno-sanitize-recover=undefined",
                    os.path.join(unit, "test_pager.c"), world, *sources, "-o", program], check=True)
    return program


def fails(program, *arguments):
    """Why it fails; "" if it does not."""
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)))
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "does not end"
    lines = [line for line in done.stdout.decode(errors="replace").splitlines()
             if line.startswith(("# seed", "not ok")) or "runtime error" in line]
    if done.returncode < 0:
        lines.insert(0, f"signal {-done.returncode}")
    lines.sort(key=lambda line: "records lost" not in line)
    return lines[0] if done.returncode else ""


def mutate(directory, name, text, instead):
    """What is wrong with the mutant; "" if nothing."""
    path = os.path.join(directory, "base" if name == "idset.c" else "pager", name)
    with open(path) as file:
        source = file.read()
    if source.count(text) != 1:
        return f"its text stands {source.count(text)} times in {name}"
    with open(path, "w") as file:
        file.write(source.replace(text, instead))
    return ""


def run(changes, parts):
    """(what caught it, what is wrong with it)"""
    with tempfile.TemporaryDirectory() as directory:
        for source in pure_sources():
            os.makedirs(os.path.dirname(os.path.join(directory, source)), exist_ok=True)
            shutil.copy(os.path.join(SRC, source), os.path.join(directory, source))
        shutil.copytree(UNIT, os.path.join(directory, "unit"),
                        ignore=lambda _, names: [n for n in names if not n.endswith((".c", ".h"))])
        for change in changes:
            wrong = mutate(directory, *change)
            if wrong:
                return "", wrong
        try:
            program = build(directory)
        except subprocess.CalledProcessError:
            return "", "it does not compile"
        for schedules, part in parts:
            caught = fails(program, str(schedules), "1", part)
            if caught:
                return caught, ""
        return "", ""


def main():
    schedules = int(sys.argv[1]) if len(sys.argv) > 1 else 30000
    number = failures = 0

    def report(passed, name, comment):
        nonlocal number, failures
        number, failures = number + 1, failures + (not passed)
        print(f"{'ok' if passed else 'not ok'} {number} - {name}" + (f": {comment}" if comment else ""), flush=True)

    everything = [(2, "lists"), (2000, "edges"), (schedules, "schedules"), (1, "price")]
    caught, wrong = run([], everything)
    report(not caught and not wrong, "as it is, it passes", caught or wrong)
    caught, wrong = run([NO_AUDIT], [(schedules, "assumed")])
    report(not caught and not wrong, "without the audit nothing is lost where no assumption is broken", caught or wrong)
    for name, *change in THEOREM:
        caught, wrong = run([NO_AUDIT, change], [(schedules, "assumed")])
        report(bool(caught), f"without audit and {name}", caught or wrong or "the test passes")
    for name, *change in MUTANTS:
        caught, wrong = run([change] + [FIRST_PAGE] * (change == END_PAGE), everything)
        report(bool(caught), f"without {name}", caught or wrong or "the test passes")
    print(f"1..{number}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
