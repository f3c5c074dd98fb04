#include "domain/account.hpp"

#include <algorithm>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "domain/decide_commands.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

bool is_email(std::string_view text) {
    if (!is_code(text, email_bytes_max) || text.find(' ') != std::string_view::npos) return false;
    const auto at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos;
}

namespace {

bool is_account_name(std::string_view text) {
    return !text.empty() && text.size() <= account_name_bytes_max && is_utf8(text) && is_printable(text);
}

Refusal refuse_account_name() {
    return refuse_at(RefusalCode::invalid_request, "/name",
                     sentence("A name has 1 to ", account_name_bytes_max, " bytes."));
}

std::optional<Refusal> check_new_account(const Account& account, const WorkingSet& set) {
    if (!is_email(account.email) || account.email != fold_case(account.email))
        return refuse_at(RefusalCode::invalid_request, "/email", "This is not an e-mail address in lower case.");
    if (!is_account_name(account.name)) return refuse_account_name();
    if (set.find_email(account.email) != nullptr)
        return refuse_at(RefusalCode::already_exists, "/email",
                         "There is an account with this e-mail address already.");
    return std::nullopt;
}

bool is_enabled_admin(const Account& account) {
    return account.role == Role::admin && !account.disabled;
}

Account add_account(const Account& wanted, Role role, WorkingSet& set, const Context& context, Changes& changes) {
    Account account = wanted;
    account.id = AccountId{set.sequences.account.take()};
    account.uuid = context.ids.next(context.now);
    account.role = role;
    account.disabled = false;
    account.version = 1;
    account.created_at = context.now;
    account.updated_at = context.now;
    set.account_count += 1;
    if (is_enabled_admin(account)) set.enabled_admin_count += 1;
    set.put_account(account);
    changes.accounts.push_back(account);
    return account;
}

Session add_session(const Session& wanted, AccountId account, WorkingSet& set, const Context& context,
                    Changes& changes) {
    Session session = wanted;
    session.account = account;
    session.created_at = context.now;
    session.seen_at = context.now;
    set.put_session(session);
    changes.sessions.push_back({.session = session});
    return session;
}

// The account as the command wants it.
Account changed_account(const UpdateAccount& command, const Account& account) {
    Account after = account;
    if (command.role) after.role = *command.role;
    if (command.disabled) after.disabled = *command.disabled;
    if (command.name) after.name = *command.name;
    if (command.password_hash) after.password_hash = *command.password_hash;
    return after;
}

}  // namespace

Outcome judge(const RegisterAccount& command, WorkingSet& set, const Context& context, Changes& changes) {
    const bool first = set.account_count == 0;
    if (!first && !command.registration_open)
        return refuse(RefusalCode::registration_closed, "Registration is closed. Ask an admin for an account.");
    if (auto refusal = check_new_account(command.account, set)) return std::move(*refusal);
    auto account = add_account(command.account, first ? Role::admin : Role::clerk, set, context, changes);
    ensure(set.enabled_admin_count > 0, "an admin exists from the first account on");
    auto session = add_session(command.session, account.id, set, context, changes);
    return SessionDone{std::move(account), session};
}

Outcome judge(const CreateAccount& command, WorkingSet& set, const Context& context, Changes& changes) {
    if (auto refusal = check_new_account(command.account, set)) return std::move(*refusal);
    return AccountDone{add_account(command.account, command.account.role, set, context, changes)};
}

Outcome judge(const UpdateAccount& command, WorkingSet& set, const Context& context, Changes& changes) {
    auto* const account = set.find_account(command.account);
    if (account == nullptr) return refuse(RefusalCode::not_found, "There is no such account.");
    if (command.name && !is_account_name(*command.name)) return refuse_account_name();
    Account after = changed_account(command, *account);
    const bool role_changed = after.role != account->role;
    const bool shut_out = after.disabled && !account->disabled;
    // A new password is a change even if its hash were the same: it is meant to throw everybody out.
    const bool ends_sessions = role_changed || shut_out || command.password_hash.has_value();
    if (!ends_sessions && after.name == account->name && after.disabled == account->disabled)
        return AccountDone{std::move(after)};
    if (is_enabled_admin(*account) && !is_enabled_admin(after)) {
        if (set.enabled_admin_count <= 1)
            return refuse(RefusalCode::invalid_state, "The last admin can be neither disabled nor given another role.");
        set.enabled_admin_count -= 1;
    } else if (!is_enabled_admin(*account) && is_enabled_admin(after)) {
        set.enabled_admin_count += 1;
    }
    after.version += 1;
    after.updated_at = context.now;
    *account = after;
    changes.accounts.push_back(after);
    if (ends_sessions) {
        set.erase_sessions_of(after.id);
        changes.sessions_ended_of.push_back(after.id);
    }
    ensure(set.enabled_admin_count >= 0, "admins are counted right");
    return AccountDone{std::move(after)};
}

Outcome judge(const OpenSession& command, WorkingSet& set, const Context& context, Changes& changes) {
    const auto* const account = set.find_account(command.session.account);
    if (account == nullptr) return refuse(RefusalCode::not_found, "There is no such account.");
    if (account->disabled) return refuse(RefusalCode::forbidden, "This account is disabled.");
    // The store ends all sessions of such an account after it has written the new ones of the batch, and the password
    // that was checked may be the old one.
    if (std::ranges::find(changes.sessions_ended_of, account->id) != changes.sessions_ended_of.end())
        return refuse(RefusalCode::invalid_state, "The account was changed at this moment. Sign in again.");
    return SessionDone{*account, add_session(command.session, account->id, set, context, changes)};
}

Outcome judge(const EndSession& command, WorkingSet& set, const Context&, Changes& changes) {
    if (const auto* const session = set.find_session(command.token_hash)) {
        changes.sessions.push_back({.session = *session, .ended = true});
        set.erase_session(command.token_hash);
    }
    return Done{};
}

Outcome judge(const TouchSession& command, WorkingSet& set, const Context& context, Changes& changes) {
    auto* const session = set.find_session(command.token_hash);
    if (session != nullptr && session->seen_at < context.now) {
        session->seen_at = context.now;
        changes.sessions.push_back({.session = *session});
    }
    return Done{};
}

}  // namespace onhand::domain
