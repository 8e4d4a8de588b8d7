// The key of a service that asks for one: kept as a cookie of this session, so that pictures load with it too.

const COOKIE = "lookalike-key";

let asking = $state(false);
let waiting: PromiseWithResolvers<void> | null = null;

export const key = {
  /** Whether the user is to be asked for a key. */
  get asking(): boolean {
    return asking;
  },
  give(secret: string): void {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${COOKIE}=${encodeURIComponent(secret)}; Path=/; SameSite=Strict${secure}`;
    asking = false;
    waiting?.resolve();
    waiting = null;
  },
};

/** Waits until the user has given a key; all who wait are told together. */
export function askForKey(): Promise<void> {
  waiting ??= resolvers();
  asking = true;
  return waiting.promise;
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
}

function resolvers(): PromiseWithResolvers<void> {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
