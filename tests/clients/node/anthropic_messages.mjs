// The official `@anthropic-ai/sdk` package, Messages.
import Anthropic from '@anthropic-ai/sdk';
import { KEY, ROOT, SCHEMA, serve } from './serve.mjs';

const tools = [{ name: 'weather', description: 'The weather.', input_schema: SCHEMA }];
const api = (apiKey = KEY) => new Anthropic({ baseURL: ROOT, apiKey, maxRetries: 0, timeout: 30_000 });

/** A message, whole or built up by the SDK's own helper, and how many pieces of text it came in. */
async function ask(asked, stream, key) {
  const whole = { max_tokens: 2048, ...asked };
  if (!stream) return [await api(key).messages.create(whole), 1];
  let pieces = 0;
  const events = api(key).messages.stream(whole);
  events.on('text', () => (pieces += 1));
  return [await events.finalMessage(), pieces];
}

const of = (reply, type) => reply.content.filter((block) => block.type === type);

/** What the objects hold. */
function show([reply, pieces]) {
  return {
    text: of(reply, 'text').map((block) => block.text).join(''),
    calls: of(reply, 'tool_use').map(({ name, input }) => ({ name, arguments: input })),
    finish: reply.stop_reason,
    usage: { input: reply.usage.input_tokens, output: reply.usage.output_tokens, cached: reply.usage.cache_read_input_tokens },
    model: reply.model,
    pieces,
  };
}

/** A question, a call, its result, the answer; the blocks go back as they came. */
async function talk({ model, prompt, result, stream }, more) {
  const messages = [{ role: 'user', content: prompt }];
  const first = await ask({ model, messages, tools, ...more }, stream);
  messages.push({ role: 'assistant', content: first[0].content });
  const results = of(first[0], 'tool_use').map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: result }));
  messages.push({ role: 'user', content: results });
  return [first, await ask({ model, messages, tools, ...more }, stream)];
}

serve({
  text: async ({ model, prompt, stream, key, way: _, ...more }) =>
    show(await ask({ model, messages: [{ role: 'user', content: prompt }], ...more }, stream, key)),

  tools: async (told) => (await talk(told, { system: 'Be brief.' })).map(show),

  /** The same with thinking: what the first turn thought, and the answer. */
  thinking: async (told) => {
    const [first, second] = await talk(told, { thinking: { type: 'enabled', budget_tokens: 1024 } });
    const thoughts = of(first[0], 'thinking').map((block) => block.thinking).join('');
    return { thoughts, text: show(second).text };
  },
});
