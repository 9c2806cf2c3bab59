// What the pages do without a click on their buttons; all of it can be done without this script.
addEventListener("submit", ({ target }) => {
  for (const field of target.matches("form.filters") ? target.elements : [])
    if (field.type !== "checkbox" && field.value === "") field.disabled = true;
});
addEventListener("change", ({ target }) => {
  if (target.matches("form.filters select")) target.form.requestSubmit();
});
// The address says nothing of what is left empty.
addEventListener("htmx:config:request", ({ detail: { ctx: { request } } }) => {
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
});
// The slider turns the day of one axis; its right end is now.
const DAY = 24 * 60 * 60 * 1000;
const parts = (form) => {
  const axis = form.querySelector("select"), slider = form.querySelector("[type=range]");
  return { slider, first: axis.selectedOptions[0].dataset.first, field: form.elements[axis.value] };
};
const turn = (form) => {
  const { slider, first, field } = parts(form);
  slider.min = first;
  slider.value = field.value ? Date.parse(field.value) / DAY : slider.max;
};
addEventListener("input", ({ target }) => {
  if (target.matches(".slide select")) turn(target.form);
  if (!target.matches(".slide [type=range]")) return;
  const { slider, field } = parts(target.form);
  field.value = slider.value === slider.max ? "" : new Date(slider.value * DAY).toISOString().slice(0, 10);
});
addEventListener("change", ({ target }) => {
  if (target.matches("form.moment [type=date]")) turn(target.form);
});
for (const slide of document.querySelectorAll(".slide")) slide.hidden = false;
