// The official `openai` package for Node, Responses.
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { KEY, SCHEMA, URL, serve } from './serve.mjs';

const tools = [{ type: 'function', name: 'weather', description: 'The weather.', parameters: SCHEMA, strict: true }];
const api = (apiKey = KEY) => new OpenAI({ baseURL: URL, apiKey, maxRetries: 0, timeout: 30_000 });

/** A response, whole or built up by the SDK's own helper, and how many pieces of text it came in. */
async function ask(asked, stream, key) {
  if (!stream) return [await api(key).responses.create(asked), 1];
  let pieces = 0;
  const events = api(key).responses.stream(asked);
  for await (const event of events) pieces += event.type === 'response.output_text.delta';
  return [await events.finalResponse(), pieces];
}

const made = (reply) => reply.output.filter((item) => item.type === 'function_call');

/** What the objects hold. */
function show([reply, pieces]) {
  return {
    text: reply.output_text,
    calls: made(reply).map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
    finish: reply.status,
    usage: { input: reply.usage.input_tokens, output: reply.usage.output_tokens },
    model: reply.model,
    pieces,
  };
}

/** A question, a call, its result, the answer; the items go back as they came. */
async function talk({ model, prompt, result, stream }, more) {
  const input = [{ role: 'user', content: prompt }];
  const asked = { model, tools, store: false, ...more };
  const first = await ask({ ...asked, input }, stream);
  // What the SDK's parsing helper adds to a call is not part of the item.
  input.push(...first[0].output.map(({ parsed_arguments: _, ...item }) => item));
  for (const call of made(first[0])) input.push({ type: 'function_call_output', call_id: call.call_id, output: result });
  return [first, await ask({ ...asked, input }, stream)];
}

serve({
  text: async ({ model, prompt, stream, key, way: _, ...more }) => show(await ask({ model, input: prompt, ...more }, stream, key)),

  tools: async (told) => (await talk(told, { instructions: 'Be brief.' })).map(show),

  /** The same with reasoning that nothing keeps but the client: the summary of the first turn's, and the answer. */
  thinking: async (told) => {
    const more = { include: ['reasoning.encrypted_content'], reasoning: { effort: 'low', summary: 'auto' } };
    const [first, second] = await talk(told, more);
    const thoughts = first[0].output.flatMap((item) => (item.type === 'reasoning' ? item.summary : []));
    return { thoughts: thoughts.map((part) => part.text).join('\n'), text: show(second).text };
  },

  /** Structured output. */
  parse: async ({ model, prompt }) => {
    const format = zodTextFormat(z.object({ name: z.string(), population: z.number() }), 'city');
    return (await api().responses.parse({ model, input: prompt, text: { format } })).output_parsed;
  },
});
