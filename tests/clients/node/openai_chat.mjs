// The official `openai` package for Node, Chat Completions and embeddings.
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { KEY, SCHEMA, URL, serve } from './serve.mjs';

const tools = [{ type: 'function', function: { name: 'weather', description: 'The weather.', parameters: SCHEMA } }];
// Without retries of its own, so that it hides nothing.
const api = (apiKey = KEY) => new OpenAI({ baseURL: URL, apiKey, maxRetries: 0, timeout: 30_000 });

/** A reply, whole or built up by the SDK's own helper, and how many pieces of text it came in. */
async function ask(asked, stream, key) {
  if (!stream) return [await api(key).chat.completions.create(asked), 1];
  let pieces = 0;
  const events = api(key).chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
  events.on('content', () => (pieces += 1));
  return [await events.finalChatCompletion(), pieces];
}

/** What the objects hold. */
function show([reply, pieces]) {
  const [choice] = reply.choices;
  return {
    text: choice.message.content,
    calls: (choice.message.tool_calls ?? []).map(({ function: { name, arguments: given } }) => ({ name, arguments: JSON.parse(given) })),
    finish: choice.finish_reason,
    usage: { input: reply.usage.prompt_tokens, output: reply.usage.completion_tokens },
    model: reply.model,
    pieces,
  };
}

serve({
  text: async ({ model, prompt, stream, key, way: _, ...more }) =>
    show(await ask({ model, messages: [{ role: 'user', content: prompt }], ...more }, stream, key)),

  /** A question, a call, its result, the answer. */
  tools: async ({ model, prompt, result, stream }) => {
    const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: prompt }];
    const first = await ask({ model, messages, tools }, stream);
    const { role, content, tool_calls } = first[0].choices[0].message;
    messages.push({ role, content, tool_calls });
    for (const call of tool_calls) messages.push({ role: 'tool', tool_call_id: call.id, content: result });
    return [show(first), show(await ask({ model, messages, tools }, stream))];
  },

  /** Structured output. */
  parse: async ({ model, prompt }) => {
    const format = zodResponseFormat(z.object({ name: z.string(), population: z.number() }), 'city');
    const reply = await api().chat.completions.parse({ model, messages: [{ role: 'user', content: prompt }], response_format: format });
    return reply.choices[0].message.parsed;
  },

  /** Embeddings, which the SDK asks for in base64. */
  embed: async ({ model, texts }) => {
    const reply = await api().embeddings.create({ model, input: texts });
    return { vectors: reply.data.map((one) => one.embedding), tokens: reply.usage.total_tokens };
  },
});
