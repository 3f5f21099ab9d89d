// Requests to all cells in turn, at a steady rate: the number of the iteration picks the cell.
import exec from 'k6/execution';
import { chat } from './harness/client.js';

const told = JSON.parse(open(__ENV.OPTIONS));

export const options = {
  scenarios: {
    cells: {
      executor: 'constant-arrival-rate',
      rate: told.rate,
      timeUnit: '1s',
      duration: `${Math.ceil(told.order.length / told.rate) + 1}s`,
      preAllocatedVUs: told.vus,
      maxVUs: told.vus,
      gracefulStop: '30s',
    },
  },
};

export default function () {
  const [cell, id] = told.order[exec.scenario.iterationInTest] || [];
  if (cell === undefined) return;
  const { stream, size } = told.cells[cell];
  console.log(JSON.stringify({ cell, ...chat(told.url, cell, id, { stream, size }) }));
}
