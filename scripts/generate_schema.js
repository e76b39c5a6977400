// @ts-check
// Writes schemas/experiment.schema.json from the registry: npm run generate:schema (it builds dist/ first).
import { writeFileSync } from 'node:fs';
import { experimentJsonSchema } from '../dist/config/json_schema.js';

const file = new URL('../schemas/experiment.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
