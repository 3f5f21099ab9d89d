// What all programs share: a line of JSON in, a line of JSON out; and a tool.
import { createInterface } from 'node:readline';

/** The gateway without a path. */
export const ROOT = process.env.GATEWAY;
export const URL = `${ROOT}/v1`;
export const KEY = process.env.GATEWAY_KEY;
export const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', description: 'How many days.' } },
  required: ['city', 'days'],
  additionalProperties: false,
};

/** An exception of a library: its class and those above it, and the HTTP reply that it was made from. */
function about(error) {
  const classes = [error?.name];
  for (let kind = error?.constructor; kind?.name; kind = Object.getPrototypeOf(kind)) classes.push(kind.name);
  const headers = error?.headers ?? error?.responseHeaders ?? {};
  return {
    classes,
    message: String(error?.message ?? JSON.stringify(error)),
    status: error?.status ?? error?.statusCode ?? null,
    retry_after: (headers.get ? headers.get('retry-after') : headers['retry-after']) ?? null,
    trace: String(error?.stack),
  };
}

/** Does what it is told until there is no more. What a library prints must not get between the answers. */
export async function serve(actions) {
  console.log = console.info = console.error;
  for await (const line of createInterface({ input: process.stdin })) {
    const told = JSON.parse(line);
    let answer;
    try {
      answer = { result: await actions[told.action]({ ...told.arguments, way: told.way }) };
    } catch (error) {
      answer = { raised: about(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}
