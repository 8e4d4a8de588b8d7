// Loads data as scripts that hand it over: all that a page opened from disk may load.

const waiting = new Map<string, (data: unknown) => void>();
const version = document.documentElement.dataset.version;

declare global {
  interface Window {
    lookalikeData: (name: string, data: unknown) => void;
  }
}

window.lookalikeData = (name, data) => waiting.get(name)?.(data);

/** What `data/NAME.js` hands over; tried twice. Rejects where the file cannot be had. */
export async function load<T>(name: string): Promise<T> {
  try {
    return await once<T>(name);
  } catch {
    await new Promise((resume) => setTimeout(resume, 800));
    return once<T>(name);
  }
}

function once<T>(name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const end = (act: () => void) => {
      waiting.delete(name);
      script.remove();
      act();
    };
    const failed = () => end(() => reject(new Error(`data/${name}.js could not be loaded.`)));
    waiting.set(name, (data) => end(() => resolve(data as T)));
    script.onerror = failed;
    script.onload = () => waiting.has(name) && failed();
    script.src = `data/${name}.js?v=${version}`;
    document.head.append(script);
  });
}
