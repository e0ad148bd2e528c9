/** Makes the frozen records of members that users get. */

import type { Identity } from "../../swim/identity.ts";
import { WireError } from "../../wire/error.ts";
import type { Member, MemberStatus } from "../api.ts";
import { decodeTags, type Tags } from "../wire/tags.ts";
import { versionRanges } from "./versions.ts";

type Versions = ReturnType<typeof versionRanges>;

/** Most members have the tags and versions of the one before, and then share them. */
export class MemberRecords {
  #meta: Uint8Array | null = null;
  #tags: Tags | undefined;
  #versions: Uint8Array | undefined;
  #ranges: Versions | undefined;

  /** Returns the record of a member. The same one again, as long as nothing changes. */
  of(identity: Identity, status: MemberStatus): Member {
    const known = identity.derived as Member | undefined;
    if (known?.status === status) return known;
    const member = Object.freeze(known === undefined ? this.#make(identity, status) : { ...known, status });
    identity.derived = member;
    return member;
  }

  /** Returns why the tags of a member cannot be decoded, or `undefined`; then it has no tags. */
  fault({ meta }: Identity): string | undefined {
    if (this.#tags !== undefined && meta === this.#meta) return undefined;
    try {
      this.#tags = decodeTags(meta);
      this.#meta = meta;
      return undefined;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return error.message;
    }
  }

  #make(identity: Identity, status: MemberStatus): Member {
    const { name, endpoint, versions } = identity;
    if (this.#ranges === undefined || versions !== this.#versions) {
      this.#ranges = versionRanges(versions);
      this.#versions = versions;
    }
    const tags = this.fault(identity) === undefined ? this.#tags! : Object.freeze({});
    return { name, address: endpoint.host, port: endpoint.port, tags, status, ...this.#ranges };
  }
}
