"""The words of a comparison in English and Chinese; `personas.diffing.telling` puts them together."""

from __future__ import annotations

from personas.attributes import OutputLanguage
from personas.reporting.visible import visible

ENGLISH = {
    "set": "{side}: {path}: “{title}”, {personas}, {people}",
    "same": "Nothing differs: the personas, their people and their claims are the same.",
    # people
    "both": "{both} in both runs, {only_a} only in A, {only_b} only in B.",
    "stayed": "Of those in both: {stayed} of {both} stayed with their persona ({share})",
    "followed": "{people} followed a split or a merger",
    "moved": "{people} moved to another persona",
    "came_in": "{people} came into a persona from none",
    "fell_out": "{people} fell out of every persona",
    "stayed outside": "{people} in none before and after",
    "agreement": "The two groupings agree to {agreement:.2f} (adjusted Rand index: 1 is the same, 0 is chance); with "
    "resamples of its own people, A agreed to {a:.2f} and B to {b:.2f}.",
    "as usual": "Grouping again moves as many people by itself.",
    "beyond usual": "More people moved than grouping the same people again would move.",
    "flows": "Who moved:",
    "flow": "  {before} -> {after}: {people}",
    "more flows": "  and {people} on {count} other ways",
    "unknown people": "Who is in a persona is not known: a persona set was given alone. Personas are matched by id.",
    # causes
    "no cause": "Nothing that the manifests tell differs between the runs.",
    "no cause but change": "What changed comes from what they do not tell, such as a model that answers otherwise each "
    "time.",
    "one cause": "Only this differs between the runs, so whatever changed comes from it:",
    "causes": "What differs between the runs (which of it changed what cannot be told; change one at a time to know):",
    "unknown causes": "What differs between the runs is not known: a persona set was given alone, without manifest.",
    "documents": "documents: {new} new{sources}, {gone} gone, {reworded} with other words, {kept} the same",
    "files": "files with other content, though every document reads the same: {what}",
    "content": "tables: the content of the customer, order or event table, or of the attribute schema",
    "tables": "tables",
    "reading": "how documents are read",
    "grouping": "how people are grouped",
    "writing": "how personas are written",
    "language": "language",
    "engine": "engine",
    "prompt": "prompt",
    "embedder": "embedder",
    "version": "version of personas",
    "other": "option",
    "none": "none",
    "cause": "{kind}: {what}: {before} -> {after}",
    # personas
    "matched": "{mark} {id} {name} ({how})",
    "id": "by id",
    "people": "by its people",
    "appeared": "+ {id} {name} appeared: {people} ({share})",
    "went": "- {id} {name} went: {people} ({share})",
    "came from": "    its people in A: {flows}",
    "are now": "    its people in B: {flows}",
    "split": "< {id} {name} split: of its {people} in both runs",
    "merged": "> {id} {name} came of several: of its {people} in both runs",
    "part": "    {shared} in {id} {name}, which has {of} of both",
    "renamed": "    name: {before} -> {after}",
    "standing": "    standing: {before} -> {after}",
    "persona": "persona",
    "tendency": "tendency",
    "size": "    size: {people_a} of {of_a} people ({share_a}) -> {people_b} of {of_b} ({share_b}): {verdict}",
    "kept": "    people: {stayed} stayed, {moved_out} moved out, {moved_in} moved in, {gone} only in A, {joined} only "
    "in B; overlap {jaccard:.2f} (Jaccard)",
    "their documents": "    their documents: {new} new{sources}, {gone} gone, {reworded} with other words, {kept} the "
    "same",
    "other author": "    written by another author, model or prompt",
    "up": "surely up by {points} points ({low} to {high}, q = {q})",
    "down": "surely down by {points} points ({low} to {high}, q = {q})",
    "unsure": "no sure change",
    # claims
    "claim appeared": "    + {attribute}: “{value}”, {support}",
    "claim went": "    - {attribute}: “{value}”, {support}",
    "claim changed": "    ~ {attribute}: “{value}”, {support}",
    "support": "{people} of {of} people ({share}, {low} to {high}), {status}",
    "was": "        was worded “{value}”",
    "status": "        status: {before} -> {after}",
    "share": "        {people_a} of {of_a} people ({share_a}) -> {people_b} of {of_b} ({share_b}): {verdict}",
    "why": "        why: {reasons}",
    "other documents": "{count} of {of} documents quoted are in this run only",
    "other words": "{count} of {of} documents quoted have other words in the other run",
    "other people": "{count} of {of} people quoted are in another persona, or none, in the other run",
    "by another": "another author, model or prompt wrote it",
    "other choice": "the same words of the same people are in the other run: what is counted or chosen there differs",
    "unchanged claims": "    {count} as before",
    "unsure shares": "    {count} of these with other counts, not surely changed",
    "supported": "supported",
    "anecdotal": "anecdotal",
    "contested": "contested",
    "withheld": "withheld",
    "outside": "no persona",
    "absent": "not in the run",
    "method": "A share counts as changed only where Fisher's exact test (corrected for {tests} shares compared, "
    "Benjamini-Hochberg, q <= 0.05) and Newcombe's 95 % interval of the difference both say so; a claim's own interval "
    "is Wilson's, 95 %. People in both runs count in both, so changes are missed rather than invented.",
    "and": ", ",
    "then": "; ",
    "from": " ({sources})",
    "from more": ", {count} more from others",
}
CHINESE = {
    "set": "{side}：{path}：“{title}”，{personas}，{people}",
    "same": "没有差别：画像、其中的人和论断都相同。",
    "both": "两次都有的 {both}，只在 A 中的 {only_a}，只在 B 中的 {only_b}。",
    "stayed": "两次都有的人里：{both}中有 {stayed} 人留在原来的画像（{share}）",
    "followed": "{people}随画像拆分或合并",
    "moved": "{people}换到别的画像",
    "came_in": "{people}原来不在任何画像，现在进入",
    "fell_out": "{people}离开了所有画像",
    "stayed outside": "{people}前后都不在任何画像",
    "agreement": "两次分群的一致程度为 {agreement:.2f}（调整兰德指数：1 为完全相同，0 为随机）；与各自重抽样相比，A 为 "
    "{a:.2f}，B 为 {b:.2f}。",
    "as usual": "同样的人重新分群一次，本来就会移动这么多人。",
    "beyond usual": "移动的人比同样的人重新分群会移动的更多。",
    "flows": "谁移动了：",
    "flow": "  {before} -> {after}：{people}",
    "more flows": "  另有 {people}，走了其他 {count} 条路",
    "unknown people": "不知道谁在哪个画像里：至少一方只给了画像文件。画像只按编号对应。",
    "no cause": "两次运行的清单里没有任何差别。",
    "no cause but change": "变化来自清单没有记录的东西，例如每次回答都不同的模型。",
    "one cause": "两次运行只有这一点不同，所以下面的变化都由它而来：",
    "causes": "两次运行的不同之处；无法判断哪一点引起了哪些变化，想知道请一次只改一点：",
    "unknown causes": "不知道两次运行有什么不同：至少一方只给了画像文件，没有清单。",
    "documents": "文档：新增 {new}{sources}，减少 {gone}，文字有改动 {reworded}，相同 {kept}",
    "files": "文件内容不同，但读出的文档都相同：{what}",
    "content": "表格：客户表、订单表、事件表或属性方案的内容",
    "tables": "表格",
    "reading": "文档的读法",
    "grouping": "分群方式",
    "writing": "画像的写法",
    "language": "语言",
    "engine": "引擎",
    "prompt": "提示词",
    "embedder": "向量模型",
    "version": "personas 的版本",
    "other": "选项",
    "none": "无",
    "cause": "{kind}：{what}：{before} -> {after}",
    "matched": "{mark} {id} {name}（{how}）",
    "id": "按编号对应",
    "people": "按其中的人对应",
    "appeared": "+ {id} {name} 新出现：{people}（{share}）",
    "went": "- {id} {name} 消失：{people}（{share}）",
    "came from": "    其中的人在 A 中：{flows}",
    "are now": "    其中的人在 B 中：{flows}",
    "split": "< {id} {name} 拆分：两次都有的 {people}中",
    "merged": "> {id} {name} 由几个合并而来：两次都有的 {people}中",
    "part": "    {shared}在 {id} {name}，该画像两次都有的共 {of}",
    "renamed": "    名字：{before} -> {after}",
    "standing": "    性质：{before} -> {after}",
    "persona": "画像",
    "tendency": "倾向",
    "size": "    规模：{of_a} 人中 {people_a} 人（{share_a}） -> {of_b} 人中 {people_b} 人（{share_b}）：{verdict}",
    "kept": "    人：留下 {stayed}，移出 {moved_out}，移入 {moved_in}，只在 A {gone}，只在 B {joined}；重合度 "
    "{jaccard:.2f}（Jaccard）",
    "their documents": "    他们的文档：新增 {new}{sources}，减少 {gone}，文字有改动 {reworded}，相同 {kept}",
    "other author": "    由另外的作者、模型或提示词写成",
    "up": "确实上升 {points} 个百分点（{low} 至 {high}，q = {q}）",
    "down": "确实下降 {points} 个百分点（{low} 至 {high}，q = {q}）",
    "unsure": "没有可以确定的变化",
    "claim appeared": "    + {attribute}：“{value}”，{support}",
    "claim went": "    - {attribute}：“{value}”，{support}",
    "claim changed": "    ~ {attribute}：“{value}”，{support}",
    "support": "{of} 人中 {people} 人（{share}，{low} 至 {high}），{status}",
    "was": "        原来的说法：“{value}”",
    "status": "        状态：{before} -> {after}",
    "share": "        {of_a} 人中 {people_a} 人（{share_a}） -> {of_b} 人中 {people_b} 人（{share_b}）：{verdict}",
    "why": "        原因：{reasons}",
    "other documents": "引用的 {of} 个文档中有 {count} 个只在这一次",
    "other words": "引用的 {of} 个文档中有 {count} 个在另一次文字不同",
    "other people": "引用的 {of} 人中有 {count} 人在另一次属于别的画像或不属于任何画像",
    "by another": "由另外的作者、模型或提示词写成",
    "other choice": "同样的人说的同样的话另一次也有：不同的是统计或取舍",
    "unchanged claims": "    {count}与原来相同",
    "unsure shares": "    其中 {count} 条人数不同，但不能确定有变化",
    "supported": "有支持",
    "anecdotal": "个别说法",
    "contested": "有争议",
    "withheld": "已扣留",
    "outside": "不在任何画像",
    "absent": "不在该次运行",
    "method": "只有费舍尔精确检验（对比较的 {tests} 个比例做 Benjamini-Hochberg 校正，q <= 0.05）和差值的 Newcombe 95% "
    "区间都说明有变化时，才算比例有变化；论断自身的区间是 Wilson 95% 区间。两次都有的人在两边都计入，因此宁可漏报，"
    "不会多报。",
    "and": "，",
    "then": "；",
    "from": "（{sources}）",
    "from more": "，另有 {count} 个来自其他来源",
}
TEXTS: dict[OutputLanguage, dict[str, str]] = {"en": ENGLISH, "zh": CHINESE}


class DiffWords:
    """The words of one language, filled in.

    Args:
        language: of the text.
    """

    def __init__(self, language: OutputLanguage) -> None:
        self.language = language
        self._texts = TEXTS[language]

    def __call__(self, key: str, **values: object) -> str:
        """The text of the key."""
        return self._texts[key].format(**values)

    def people(self, count: int) -> str:
        """So many people."""
        return self._counted(count, "person", "people", "人")

    def personas(self, count: int) -> str:
        """So many personas."""
        return self._counted(count, "persona", "personas", "个画像")

    def claims(self, count: int) -> str:
        """So many claims."""
        return self._counted(count, "claim", "claims", "条论断")

    def share(self, share: float) -> str:
        """A share as a whole percentage."""
        return f"{share:.0%}" if self.language == "zh" else f"{100 * share:.0f} %"

    def of_all(self, people: int, everybody: int) -> str:
        """A share of so many people."""
        return self.share(people / everybody if everybody else 0.0)

    def _counted(self, count: int, one: str, many: str, chinese: str) -> str:
        if self.language == "zh":
            return f"{count:,} {chinese}"
        return f"{count:,} {one if count == 1 else many}"


def plain(text: object) -> str:
    """The text on one line, without anything that would steer the reader's terminal."""
    return " ".join(visible(text).split())
