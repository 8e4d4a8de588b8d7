// The long work of the service: begun, followed while it runs, stopped. One is heard at a time, as one runs at a time.

import { addressOf, ask, get, post, type Schemas } from "../api";

export type Job = Schemas["JobOut"];
export type JobRequest = Parameters<typeof post<"/v1/jobs">>[1];

const PAUSE = 1500;
let list = $state.raw<Job[]>([]);
let heard = "";

export const jobs = {
  /** The newest first. */
  get list(): Job[] {
    return list;
  },
  async load(): Promise<void> {
    list = (await get("/v1/jobs")).jobs;
    listen();
  },
  async start(request: JobRequest): Promise<Job> {
    return taken(await post("/v1/jobs", request));
  },
  /** Adds image files, each under an id made of its bytes. */
  async upload(files: readonly File[], label: string): Promise<Job> {
    const form = new FormData();
    for (const file of files) form.append("image", file);
    if (label) form.append("label", label);
    return taken(await ask<Job>("POST", addressOf("/v1/jobs/images"), form));
  },
  async stop(id: string): Promise<void> {
    put(await ask<Job>("DELETE", addressOf(`/v1/jobs/${id}`)));
  },
};

export const isOver = (job: Job) => job.state === "done" || job.state === "failed" || job.state === "cancelled";

function taken(job: Job): Job {
  put(job);
  listen();
  return job;
}

function put(job: Job): void {
  list = list.some((other) => other.id === job.id) ? list.map((other) => (other.id === job.id ? job : other)) : [job, ...list];
}

/** Hears the job that runs, or is to run next. */
function listen(): void {
  const next = list.findLast((job) => !isOver(job));
  if (!next || heard) return;
  heard = next.id;
  const source = new EventSource(addressOf(`/v1/jobs/${next.id}/events`));
  const over = () => {
    source.close();
    heard = "";
  };
  source.addEventListener("progress", (event) => put(JSON.parse(event.data) as Job));
  source.addEventListener("end", (event) => {
    over();
    put(JSON.parse(event.data) as Job);
    listen();
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    over();
    setTimeout(() => void jobs.load().catch(() => undefined), PAUSE);
  });
}
