// Whole replies and streams of all models in turn, at a steady rate. Some clients leave before the end.
import exec from 'k6/execution';
import { chat } from './harness/client.js';

const told = JSON.parse(open(__ENV.OPTIONS));

export const options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: told.rate,
      timeUnit: '1s',
      duration: `${Math.ceil(told.total / told.rate) + 1}s`,
      preAllocatedVUs: told.vus,
      maxVUs: told.vus,
      gracefulStop: '60s',
    },
  },
};

const hex = (number) => (number >>> 0).toString(16).padStart(8, '0');

export default function () {
  const turn = exec.scenario.iterationInTest;
  if (turn >= told.total) return;
  const model = told.models[turn % told.models.length];
  const round = Math.floor(turn / told.models.length);
  const stream = told.streams === null ? round % 2 === 1 : told.streams;
  // The first half spreads the numbers of tokens, the second tells requests apart.
  const id = hex(Math.imul(turn + told.seed, 2654435761)) + hex(turn);
  const leaves = told.leave > 0 && round % told.leave >= told.leave - 2;
  const at = Date.now();
  const reply = chat(told.url, model, id, { stream, timeout: leaves ? told.patience[stream ? 'stream' : 'whole'] : '60s' });
  console.log(JSON.stringify({ at, model, stream, leaves, ...reply }));
}
