// Short messages at the foot of the page that go away by themselves.

export interface Toast {
  id: number;
  text: string;
  fault: boolean;
  action?: { label: string; act: () => void };
}

const SECONDS = 6;
let list = $state.raw<Toast[]>([]);
let count = 0;

export const toasts = {
  get list(): Toast[] {
    return list;
  },
  /** Says something; `action` offers one step, such as undo. */
  say(text: string, action?: Toast["action"], fault = false): void {
    const id = ++count;
    list = [...list.slice(-2), { id, text, fault, action }];
    setTimeout(() => toasts.drop(id), 1000 * (fault || action ? 2 * SECONDS : SECONDS));
  },
  /** Says what went wrong. */
  fault(error: unknown): void {
    toasts.say(error instanceof Error ? error.message : String(error), undefined, true);
  },
  drop(id: number): void {
    list = list.filter((toast) => toast.id !== id);
  },
};
