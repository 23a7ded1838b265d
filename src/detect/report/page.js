(function () {
  "use strict";
  var text = document.getElementById("filter");
  var quiet = document.getElementById("quiet");
  var items = Array.prototype.slice.call(document.querySelectorAll("details.detection"));
  var shown = document.getElementById("shown");
  function apply() {
    var wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    items.forEach(function (item) {
      var fits = wanted.every(function (word) { return item.dataset.text.indexOf(word) >= 0; });
      if (!quiet.checked && !item.classList.contains("rows") && !item.classList.contains("error")) { fits = false; }
      item.classList.toggle("hidden", !fits);
      if (fits) { count += 1; }
    });
    shown.textContent = count + " of " + items.length + " shown";
  }
  text.addEventListener("input", apply);
  quiet.addEventListener("change", apply);
  window.addEventListener("beforeprint", function () { items.forEach(function (item) { item.open = item.classList.contains("rows"); }); });
  function reveal() {
    var item = document.getElementById(location.hash.slice(1));
    if (item && items.indexOf(item) >= 0) { item.classList.remove("hidden"); item.open = true; item.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  apply();
  reveal();
})();
