/** Options of a child; plain JSON. */
export interface ChildOptions {
  readonly path: string;
  readonly name: string;
  /** ms */
  readonly lease: number;
  readonly does: 'drain' | 'hold' | 'append';
}

/** A line printed by a child. */
export interface ChildLine {
  readonly open?: true;
  readonly claimed?: readonly string[];
  /** Before they were claimed; ms since 1970 UTC. */
  readonly at?: number;
  readonly lost?: number;
  readonly notRenewed?: number;
  readonly kept?: readonly string[];
  /** Of the spool's folder, before this one. */
  readonly copies?: number;
  readonly ended?: true;
}
