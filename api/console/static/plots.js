// Plots: draws the table within a <keyline-plot>, from the very figures that stand in it.
// Where it is pressed it leads where the figure in the table does.
const COLOURS = ["#3b78c3", "#e08a1e", "#2f9e77", "#b3508f", "#8a7a2d", "#5b6bd6", "#c2503f", "#4d97a8"];

class Plot extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot === null) {
      const root = this.attachShadow({ mode: "open" });
      const button = root.appendChild(document.createElement("button"));
      button.setAttribute("part", "png");
      button.textContent = "PNG";
      button.addEventListener("click", () => this.save());
      this.canvas = root.appendChild(document.createElement("div"));
      this.canvas.setAttribute("part", "canvas");
      this.canvas.setAttribute("role", "img");
      const folded = this.getAttribute("folded"), table = document.createElement("slot");
      if (folded === null) root.appendChild(table);
      else {
        const details = root.appendChild(document.createElement("details"));
        details.appendChild(document.createElement("summary")).textContent = folded;
        details.appendChild(table);
      }
      new ResizeObserver(() => this.chart?.resize()).observe(this.canvas);
      new MutationObserver(() => this.draw()).observe(this, { attributes: true, childList: true, subtree: true });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    }
    this.draw();
  }

  /** The table: names of rows and columns, and of each cell its number and where it leads. */
  told() {
    const table = this.querySelector("table");
    const rows = [...table.tBodies[0].rows].filter((row) => row.cells[0].scope === "row");
    return {
      columns: [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent),
      names: rows.map((row) => row.cells[0].textContent),
      cells: rows.map((row) => [...row.cells].slice(1).map((cell) => ({
        value: cell.querySelector("data") && Number(cell.querySelector("data").value),
        href: cell.querySelector("a")?.href,
      }))),
    };
  }

  draw() {
    const { columns, names, cells } = this.told();
    const look = this.getAttribute("look"), lying = look === "funnel", pareto = look === "pareto";
    const style = getComputedStyle(this), colour = (name) => style.getPropertyValue(name).trim();
    const language = document.documentElement.lang;
    const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 2 });
    const full = (value) => (value === null || value === undefined ? "—" : value.toLocaleString(language, { maximumFractionDigits: 4 }));
    const share = (value) => value.toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
    const text = { color: colour("--ink"), fontFamily: style.fontFamily };
    const line = { lineStyle: { color: colour("--line") } };
    const value = { type: "value", axisLabel: { ...text, formatter: (each) => short.format(each) }, splitLine: line };
    const few = !lying && names.length <= 8 ? { interval: 0, width: this.clientWidth / (names.length + 1), overflow: "truncate" } : {};
    const across = { type: "category", data: names, inverse: lying, axisLabel: { ...text, ...few }, axisLine: line, axisTick: { show: false } };
    const right = { ...value, min: 0, max: 1, axisLabel: { ...text, formatter: share }, splitLine: { show: false } };
    const many = names.length > 40;
    this.chart ??= echarts.init(this.canvas, null, { renderer: "canvas", locale: language.startsWith("zh") ? "ZH" : "EN" });
    this.chart.setOption({
      animation: false,
      color: COLOURS,
      textStyle: text,
      aria: { enabled: true, label: { data: { maxCount: 50, excludeDimensionId: [lying ? 1 : 0] } } },
      title: { show: false, left: "center", top: 6, text: this.getAttribute("name"), textStyle: { ...text, fontSize: 15 } },
      legend: { show: columns.length > 1, type: "scroll", top: 0, textStyle: text, pageTextStyle: text, pageIconColor: text.color },
      grid: { left: 8, right: many && lying ? 48 : 24, top: columns.length > 1 ? 36 : 16, bottom: many && !lying ? 48 : 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: look === "line" ? "line" : "shadow" }, backgroundColor: colour("--shade"), borderColor: colour("--line"), textStyle: text },
      dataZoom: !many ? [] : lying
        ? [{ type: "slider", yAxisIndex: 0, width: 18, right: 8, startValue: 0, endValue: 19, showDetail: false }]
        : [{ type: "slider", height: 18, bottom: 8, showDetail: false }],
      xAxis: lying ? value : across,
      yAxis: lying ? across : pareto ? [value, right] : value,
      series: columns.map((name, column) => {
        const drawn = look === "line" || (pareto && column > 0);
        const told = pareto && column > 0 ? share : full;
        return {
          name,
          type: drawn ? "line" : "bar",
          yAxisIndex: pareto && column > 0 ? 1 : 0,
          barMaxWidth: 48,
          label: { ...text, show: lying, position: "right", formatter: (each) => full(each.value) },
          data: cells.map((row) => row[column].value),
          tooltip: { valueFormatter: (each) => (each === null || each === undefined ? "—" : told(each)) },
        };
      }),
    }, { notMerge: true });
    this.canvas.setAttribute("aria-label", this.canvas.getAttribute("aria-label").replaceAll("NaN", "—"));
    this.chart.off("click");
    this.chart.on("click", ({ dataIndex, seriesIndex }) => {
      const { href } = cells[dataIndex][seriesIndex];
      if (href) location.assign(href);
    });
  }

  /** Keeps the plot as a picture, under its title. */
  save() {
    const name = this.getAttribute("name"), top = this.chart.getOption().grid[0].top;
    this.chart.setOption({ title: { show: true }, legend: { top: 34 }, grid: { top: top + 34 } });
    const drawn = this.chart.renderToCanvas({ pixelRatio: 2, backgroundColor: getComputedStyle(this).getPropertyValue("--paper") });
    this.draw();
    drawn.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${name}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
  }
}

customElements.define("keyline-plot", Plot);
