// What the pages do without a click on their buttons; all of it can be done without this script.
for (const form of document.querySelectorAll("form.moment, form.filters")) {
  form.addEventListener("submit", () => {
    for (const field of form.querySelectorAll("input, select")) {
      if (field.type !== "checkbox" && field.value === "") field.disabled = true;
    }
  });
}
for (const field of document.querySelectorAll("form.moment input[type=date], form.filters select")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
