import { conformsBehindPooler } from './pooler-conformance.ts';

conformsBehindPooler(['wall clock']);
