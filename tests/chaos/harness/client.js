// A client of Chat Completions that reads its reply whole and says what it was.
import http from 'k6/http';

// What a client might send, and no provider may see.
const HEADERS = {
  'content-type': 'application/json',
  authorization: 'Bearer sk-client-key-of-the-gateway',
  cookie: 'session=client-cookie',
  'x-client-secret': 'client-secret',
  'x-forwarded-for': '203.0.113.9',
  'x-envoy-max-retries': '9',
  'x-envoy-retry-on': '5xx',
  'x-switchyard-retry': '1',
  'x-switchyard-unwell': '1',
};

const TOLD = ['Retry-After', 'Retry-After-Ms', 'X-Should-Retry', 'X-Switchyard-Attempts'];
const CONTENT = /^served-by:(\S+) id:([0-9a-f]{16})(?![0-9a-f])/;

const fillers = {};

// A text with the marks that the simulator checks; with `size`, of exactly so many characters.
function prompt(id, size) {
  if (!size) return `id:${id};`;
  const head = `id:${id};len:${size};`;
  fillers[size] = fillers[size] || 'x'.repeat(size - head.length);
  return head + fillers[size];
}

// Sends one request and says what came: `outcome` is answer, declined, error, broken or bad.
// Ids are all of the same length, so that the filler of a size is always the same.
export function chat(url, model, id, { stream = false, size = 0, timeout = '30s' } = {}) {
  const more = stream ? ',"stream":true,"stream_options":{"include_usage":true}' : '';
  const body = `{"model":"${model}","messages":[{"role":"user","content":"${prompt(id, size)}"}]${more}}`;
  const reply = http.post(`${url}/chat/completions`, body, { headers: HEADERS, timeout });
  const told = {};
  for (const name of TOLD) if (reply.headers[name]) told[name.toLowerCase()] = reply.headers[name];
  const leaked = Object.keys(reply.headers).filter((name) => /^x-(switchyard|envoy)/i.test(name) && !told[name.toLowerCase()]);
  return { id, status: reply.status, error: reply.error, ms: Math.round(reply.timings.duration * 100) / 100, told, leaked, ...read(reply, id, stream) };
}

function read(reply, id, stream) {
  try {
    if (reply.error_code && !reply.status) return cut(reply, stream);
    if (reply.status !== 200) return refused(reply);
    return stream ? streamed(reply, id) : whole(reply, id);
  } catch (error) {
    return bad(`${error} in ${shown(reply)}`);
  }
}

const bad = (why) => ({ outcome: 'bad', why });
const shown = (reply) => JSON.stringify((reply.body || '').slice(-200));

// The transfer ended before its end. k6 keeps what came of the body.
function cut(reply, stream) {
  const body = reply.body || '';
  if (reply.error_code === 1050) return bad('no end within the time of the client');
  if (!stream || !body) return bad(`no answer: ${reply.error}`);
  if (body.includes('[DONE]')) return bad('cut, but it says [DONE]');
  return { outcome: 'broken', how: 'aborted' };
}

function refused(reply) {
  const type = reply.headers['Content-Type'] || '';
  if (!type.startsWith('application/json')) return bad(`error of type ${type}`);
  const value = JSON.parse(reply.body);
  const wrong = wrongError(value);
  return wrong ? bad(wrong) : { outcome: 'error', type: value.error.type, code: value.error.code, message: value.error.message };
}

// OpenAI's error object, with its four keys and their types.
function wrongError(value) {
  const error = value.error;
  if (Object.keys(value).join() !== 'error' || Object.keys(error).sort().join() !== 'code,message,param,type') {
    return `not an error in OpenAI's form: ${JSON.stringify(value).slice(0, 200)}`;
  }
  const text = (member) => typeof error[member] === 'string';
  const holds = text('message') && error.message && text('type') && error.type;
  const rest = ['param', 'code'].every((member) => error[member] === null || text(member));
  return holds && rest ? null : `members of the error: ${JSON.stringify(error).slice(0, 200)}`;
}

function whole(reply, id) {
  const value = JSON.parse(reply.body);
  if (value.object !== 'chat.completion' || value.choices.length !== 1) return bad(`no completion: ${shown(reply)}`);
  if (value.choices[0].finish_reason === 'content_filter') return { outcome: 'declined' };
  if (value.choices[0].finish_reason !== 'stop') return bad(`finish_reason ${value.choices[0].finish_reason}`);
  return answer(value.choices[0].message.content, [value.usage], id);
}

function streamed(reply, id) {
  if (!(reply.headers['Content-Type'] || '').startsWith('text/event-stream')) return bad('no event stream');
  if (!reply.body.endsWith('\n\n')) return bad(`no whole event at the end: ${shown(reply)}`);
  const data = [];
  for (const line of reply.body.split('\n')) if (line.startsWith('data: ')) data.push(line.slice(6));
  const dones = data.filter((value) => value === '[DONE]').length;
  const events = data.filter((value) => value !== '[DONE]').map((value) => JSON.parse(value));
  const errors = events.filter((event) => event.error !== undefined);
  const ends = finishes(events);
  if (errors.length) {
    const wrong = wrongError(events[events.length - 1]);
    if (wrong || errors.length > 1 || dones || ends.length) return bad(wrong || `an error among the events, and an end: ${shown(reply)}`);
    return { outcome: 'broken', how: 'error event', type: errors[0].error.type };
  }
  if (dones !== 1 || data[data.length - 1] !== '[DONE]') return bad(`${dones} [DONE] and no error: ${shown(reply)}`);
  if (ends.join() === 'content_filter') return { outcome: 'declined' };
  if (ends.join() !== 'stop') return bad(`finish_reason ${ends}`);
  const usages = events.map((event) => event.usage).filter((usage) => usage);
  return answer(text(events), usages, id);
}

const finishes = (events) => events.flatMap((event) => (event.choices || []).map((choice) => choice.finish_reason)).filter((reason) => reason);
const text = (events) => events.flatMap((event) => (event.choices || []).map((choice) => (choice.delta && choice.delta.content) || '')).join('');

// An answer must name its provider and this request, and tell its tokens once: they are a function of the id.
function answer(content, usages, id) {
  const found = CONTENT.exec(content || '');
  if (!found) return bad(`content ${JSON.stringify(String(content).slice(0, 120))}`);
  if (found[2] !== id) return bad(`the answer to ${found[2]}`);
  const [prompts, completions] = [1000 + parseInt(id.slice(0, 2), 16), 10 + parseInt(id.slice(2, 4), 16)];
  const [usage] = usages;
  const right = usage && usage.prompt_tokens === prompts && usage.completion_tokens === completions && usage.total_tokens === prompts + completions;
  if (usages.length !== 1 || !right) return bad(`usage ${JSON.stringify(usages).slice(0, 200)} instead of ${prompts} and ${completions}`);
  return { outcome: 'answer', by: found[1] };
}
