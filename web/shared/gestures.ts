// What pointer, wheel, fingers and keys do on a map.

import type { Place } from "./plane";
import type { Mode, Scatter } from "./scatter";

const STILL = 3;
const STEP = 60;
const NEARER = 1.3;

interface Drag {
  how: Mode;
  from: Place;
  last: Place;
  moved: boolean;
  add: boolean;
}

/** Lets a map follow what a person does on its stage; what it returns ends that. */
export function follow(scatter: Scatter): () => void {
  const { stage, plane } = scatter;
  const over = new AbortController();
  const { signal } = over;
  const fingers = new Map<number, Place>();
  let drag: Drag | null = null;

  const placeOf = (event: MouseEvent): Place => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const apart = () => {
    const [a, b] = [...fingers.values()];
    return { far: Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1])), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as Place };
  };
  const drop = () => {
    drag = null;
    scatter.line = null;
    scatter.redraw();
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (event.target as Element).closest("button, a, input, select")) return;
    const at = placeOf(event);
    fingers.set(event.pointerId, at);
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    if (fingers.size > 1) return drop();
    const how = event.shiftKey ? "box" : event.altKey ? "lasso" : scatter.drawing;
    drag = { how, from: at, last: at, moved: false, add: event.ctrlKey || event.metaKey };
    scatter.line = how === "pan" ? null : [at];
  }, { signal });

  stage.addEventListener("pointermove", (event) => {
    const at = placeOf(event);
    if (fingers.size === 2 && fingers.has(event.pointerId)) {
      const before = apart();
      fingers.set(event.pointerId, at);
      const now = apart();
      plane.pan(now.middle[0] - before.middle[0], now.middle[1] - before.middle[1]);
      plane.zoom(now.far / before.far, ...now.middle);
      return scatter.redraw();
    }
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, at);
    if (!drag) return fingers.size ? undefined : scatter.hover(scatter.at(...at), ...at);
    if (Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > STILL) drag.moved = true;
    if (drag.how === "pan") plane.pan(at[0] - drag.last[0], at[1] - drag.last[1]);
    else if (drag.how === "lasso") scatter.line?.push(at);
    else scatter.line = [drag.from, [at[0], drag.from[1]], at, [drag.from[0], at[1]]];
    drag.last = at;
    scatter.hover(-1);
    return scatter.redraw();
  }, { signal });

  stage.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    if (!drag) return;
    const { how, moved, add, from } = drag;
    const line = scatter.line;
    drop();
    if (!moved) {
      const row = scatter.at(...from);
      if (row >= 0) scatter.click(row, add);
      if (row >= 0 && event.pointerType === "touch") scatter.hover(row, ...from);
    } else if (how !== "pan" && line) scatter.selectInside(line, add);
  }, { signal });

  stage.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    drop();
  }, { signal });
  stage.addEventListener("pointerleave", (event) => {
    if (!drag && event.pointerType === "mouse") scatter.hover(-1);
  }, { signal });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    plane.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...placeOf(event));
    scatter.redraw();
  }, { passive: false, signal });

  const keys: Record<string, () => void> = {
    ArrowLeft: () => plane.pan(STEP, 0),
    ArrowRight: () => plane.pan(-STEP, 0),
    ArrowUp: () => plane.pan(0, STEP),
    ArrowDown: () => plane.pan(0, -STEP),
    "+": () => plane.zoom(NEARER),
    "=": () => plane.zoom(NEARER),
    "-": () => plane.zoom(1 / NEARER),
    0: () => plane.fit(),
    p: () => scatter.setMode("pan"),
    b: () => scatter.setMode("box"),
    l: () => scatter.setMode("lasso"),
    n: () => scatter.hover(scatter.middle()),
    Enter: () => scatter.hoveredRow >= 0 && scatter.click(scatter.hoveredRow, true),
    Escape: () => scatter.select([]),
  };
  stage.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    if (event.key.startsWith("Arrow")) scatter.hover(scatter.middle());
    scatter.redraw();
  }, { signal });

  return () => over.abort();
}
