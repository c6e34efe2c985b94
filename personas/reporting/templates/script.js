"use strict";
(function () {
  // Everything is readable without this script; it folds what is long and shows sources beside the reading place.
  var folds = Array.prototype.slice.call(document.querySelectorAll("details[data-fold]"));
  folds.forEach(function (fold) { fold.open = false; });

  function reveal(target) {
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
  }
  function follow() {
    var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target) { reveal(target); target.scrollIntoView(); }
  }
  addEventListener("hashchange", follow);
  follow();

  var before = [];
  addEventListener("beforeprint", function () {
    before = folds.filter(function (fold) { return !fold.open; });
    before.forEach(function (fold) { fold.open = true; });
  });
  addEventListener("afterprint", function () { before.forEach(function (fold) { fold.open = false; }); });

  var reader = document.getElementById("reader");
  var body = document.getElementById("reader-body");
  var link = document.getElementById("reader-link");
  function show(anchor) {
    var mark = document.getElementById(anchor);
    var source = mark && mark.closest("article.source");
    if (!source || !reader.showModal) { return false; }
    var copy = source.cloneNode(true);
    var hit = copy.querySelector("#" + anchor);
    hit.className = "hit";
    copy.removeAttribute("id");
    Array.prototype.forEach.call(copy.querySelectorAll("[id]"), function (node) { node.removeAttribute("id"); });
    body.replaceChildren(copy);
    link.setAttribute("href", "#" + anchor);
    reader.showModal();
    hit.scrollIntoView({ block: "center" });
    return true;
  }
  document.addEventListener("click", function (event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) { return; }
    var at = event.target.closest("a[href^='#']");
    if (!at) { return; }
    if (at.classList.contains("src")) {
      if (show(at.getAttribute("href").slice(1))) { event.preventDefault(); }
      return;
    }
    var target = document.getElementById(at.getAttribute("href").slice(1));
    if (target) { reveal(target); }
    if (reader.open) { reader.close(); }
  });
  document.getElementById("reader-close").addEventListener("click", function () { reader.close(); });
  reader.addEventListener("click", function (event) { if (event.target === reader) { reader.close(); } });
})();
