// Vercel's AI SDK. Ways: `openai` (its default, Responses, told that nothing is stored), `stored` (the same without that),
// `chat`, `compatible` and `anthropic`.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Output, embedMany, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { KEY, URL, serve } from './serve.mjs';

const settings = (apiKey) => ({ baseURL: URL, apiKey });
const options = { openai: { providerOptions: { openai: { store: false } } } };
const compatible = (key) => createOpenAICompatible({ name: 'gateway', includeUsage: true, supportsStructuredOutputs: true, ...settings(key) });
const models = {
  openai: (name, key) => createOpenAI(settings(key))(name),
  stored: (name, key) => createOpenAI(settings(key))(name),
  chat: (name, key) => createOpenAI(settings(key)).chat(name),
  compatible: (name, key) => compatible(key)(name),
  anthropic: (name, key) => createAnthropic(settings(key))(name),
};

/** The steps of an answer, whole or streamed, and how many pieces of text they came in. */
async function run({ way, model, prompt, stream, key = KEY }, more = {}) {
  const asked = { model: models[way](model, key), prompt, maxRetries: 0, ...options[way], ...more };
  if (!stream) return [await (await generateText(asked)).steps, 1];
  let pieces = 0;
  const result = streamText({ ...asked, onError: () => {} });
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error;
    pieces += part.type === 'text-delta';
  }
  return [await result.steps, pieces];
}

/** What the objects hold. */
const show = (pieces) => (step) => ({
  text: step.text,
  reasoning: step.reasoningText ?? null,
  calls: step.toolCalls.map(({ toolName, input }) => ({ name: toolName, arguments: input })),
  finish: step.finishReason,
  usage: { input: step.usage.inputTokens, output: step.usage.outputTokens },
  model: step.response.modelId,
  pieces,
});

serve({
  text: async (told) => {
    const [[step], pieces] = await run(told);
    return show(pieces)(step);
  },

  /** The SDK's own loop: a question, a call, its result, the answer. */
  tools: async (told) => {
    const weather = tool({
      description: 'The weather.',
      inputSchema: z.object({ city: z.string(), days: z.number().int().describe('How many days.') }),
      execute: async () => told.result,
    });
    const [steps, pieces] = await run(told, { system: 'Be brief.', tools: { weather }, stopWhen: stepCountIs(3) });
    return steps.map(show(pieces));
  },

  /** Structured output. */
  parse: async (told) => {
    const schema = z.object({ name: z.string(), population: z.number() });
    const model = models[told.way](told.model, KEY);
    return (await generateText({ model, prompt: told.prompt, maxRetries: 0, output: Output.object({ schema }) })).output;
  },

  embed: async ({ way, model, texts }) => {
    const made = way === 'compatible' ? compatible(KEY).textEmbeddingModel(model) : createOpenAI(settings(KEY)).textEmbeddingModel(model);
    const reply = await embedMany({ model: made, values: texts, maxRetries: 0 });
    return { vectors: reply.embeddings, tokens: reply.usage.tokens };
  },
});
