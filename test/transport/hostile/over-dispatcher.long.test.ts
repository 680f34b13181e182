import { describeHostileServers } from './suite.ts';

describeHostileServers('dispatcher');
