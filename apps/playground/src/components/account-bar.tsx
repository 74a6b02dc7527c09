import type { Library } from "../store/library.ts";
import { Icon } from "./icon.tsx";

/** Whose store in the cloud this is. */
export function AccountBar({ library }: { library: Library }) {
  const { account } = library.session;
  if (account === undefined) return null;
  return (
    <p class="account">
      <Icon name="cloud" />
      <span class="clip">{account.email}</span>
      <span class="muted clip">{new URL(account.project.url).host}</span>
    </p>
  );
}
