"""A run as JUnit XML, for CI systems: a test case for each case and one for each gate of a comparison."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import mean
from xml.etree import ElementTree

from eval.comparing import Comparison
from eval.metrics import kind_of
from eval.scoring import ArmScores
from eval.suites import Suite

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no form for."""


def junit_xml(suite: Suite, arms: Sequence[ArmScores], comparisons: Sequence[Comparison] = ()) -> str:
    """The document: a failed verdict is a failure, a call without an answer an error, a case without scores skipped."""
    root = ElementTree.Element("testsuites")
    for arm in arms:
        node = _suite(root, f"{suite.suite} {arm.arm}")
        faults = {record.case: record.fault.message for record in arm.faults if record.fault is not None}
        for case in [case.id for case in suite.cases if case.id in arm.cases | faults.keys()]:
            _case(node, case, arm, faults.get(case))
    for comparison in comparisons:
        node = _suite(root, f"{suite.suite} {_plain(comparison.after.spec)} against the baseline")
        for one in (one for one in comparison.metrics if one.gates):
            test = ElementTree.SubElement(node, "testcase", classname=suite.suite, name=one.metric)
            if one.verdict == "regressed":
                ElementTree.SubElement(test, "failure", message=one.rule).text = "\n".join(one.worse)
    for node in root:
        _count(node)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(node: ElementTree.Element, case: str, arm: ArmScores, fault: str | None) -> None:
    seconds = arm.metrics.get("seconds", {}).get(case, [])
    test = ElementTree.SubElement(
        node, "testcase", classname=_plain(node.get("name", "")), name=case, time=f"{sum(seconds):.3f}"
    )
    if fault is not None:
        ElementTree.SubElement(test, "error", message=_plain(fault))
        return
    failed = [
        f"{metric}: {mean(cases[case]):.2f} of the repeats passed"
        for metric, cases in arm.metrics.items()
        if kind_of(metric) == "verdict" and case in cases and mean(cases[case]) <= 0.5
    ]
    if failed:
        ElementTree.SubElement(test, "failure", message="; ".join(failed))


def _suite(root: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(root, "testsuite", name=_plain(name))


def _count(node: ElementTree.Element) -> None:
    node.set("tests", str(len(node)))
    node.set("failures", str(len(node.findall("testcase/failure"))))
    node.set("errors", str(len(node.findall("testcase/error"))))


def _plain(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
