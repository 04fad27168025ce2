"""All tables.

Revision: 0001; after: 
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('access_log',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('staff', sa.String(length=200), nullable=False),
    sa.Column('what', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_log'))
    )
    with op.batch_alter_table('access_log', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_log_house_at'), ['house', 'at'], unique=False)

    op.create_table('accounts',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('staff', sa.String(length=200), nullable=False),
    sa.Column('login', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('pin_hash', sa.Text(), nullable=True),
    sa.Column('failed', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'staff', name=op.f('pk_accounts')),
    sa.UniqueConstraint('house', 'login', name=op.f('uq_accounts_house_login'))
    )
    op.create_table('call_events',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('call', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('move', sa.String(length=40), nullable=False),
    sa.Column('staff', sa.String(length=200), nullable=True),
    sa.Column('handset', sa.String(length=200), nullable=True),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('because', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'seq', 'n', name=op.f('pk_call_events'))
    )
    with op.batch_alter_table('call_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_events_house_at'), ['house', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_call_events_house_call_seq_n'), ['house', 'call', 'seq', 'n'], unique=False)

    op.create_table('calls',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('type', sa.String(length=40), nullable=False),
    sa.Column('priority', sa.SmallInteger(), nullable=False),
    sa.Column('unit', sa.String(length=200), nullable=True),
    sa.Column('room', sa.String(length=200), nullable=True),
    sa.Column('patient', sa.String(length=200), nullable=True),
    sa.Column('device', sa.String(length=200), nullable=True),
    sa.Column('rule', sa.String(length=200), nullable=True),
    sa.Column('practice', sa.Boolean(), nullable=False),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rang_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('present_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=True),
    sa.Column('owner', sa.String(length=200), nullable=True),
    sa.Column('pressed', sa.Integer(), nullable=False),
    sa.Column('reopened', sa.Integer(), nullable=False),
    sa.Column('rungs', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'id', name=op.f('pk_calls'))
    )
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calls_house_opened_at'), ['house', 'opened_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_calls_house_state'), ['house', 'state'], unique=False)

    op.create_table('discovered',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('bridge', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'bridge', name=op.f('pk_discovered'))
    )
    op.create_table('enrol_codes',
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('handset', sa.String(length=200), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('code_hash', name=op.f('pk_enrol_codes'))
    )
    op.create_table('epochs',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('epoch', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('house', 'epoch', name=op.f('pk_epochs'))
    )
    op.create_table('handset_keys',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('handset', sa.String(length=200), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('enrolled_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('house', 'handset', 'key_hash', name=op.f('pk_handset_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_handset_keys_key_hash'))
    )
    op.create_table('house_files',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('yaml', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'version', name=op.f('pk_house_files'))
    )
    op.create_table('journal',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('payload', sa.Text(), nullable=True),
    sa.Column('payload_hash', sa.String(length=64), nullable=False),
    sa.Column('decisions', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('core_version', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('house', 'seq', name=op.f('pk_journal'))
    )
    op.create_table('ledger',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('signal', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('booked', sa.String(length=20), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('device', sa.String(length=200), nullable=True),
    sa.Column('call', sa.String(length=200), nullable=True),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.PrimaryKeyConstraint('house', 'seq', 'n', name=op.f('pk_ledger'))
    )
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_house_at'), ['house', 'at'], unique=False)

    op.create_table('outbox',
    sa.Column('id', sa.String(length=700), nullable=False),
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('call', sa.String(length=200), nullable=False),
    sa.Column('channel', sa.String(length=200), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('because', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('receipt', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_state_next_try_at'), ['state', 'next_try_at'], unique=False)

    op.create_table('people',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('id', sa.String(length=200), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('short', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'kind', 'id', name=op.f('pk_people'))
    )
    op.create_table('pin_tries',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('staff', sa.String(length=200), nullable=False),
    sa.Column('handset', sa.String(length=200), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('house', 'staff', 'handset', name=op.f('pk_pin_tries'))
    )
    op.create_table('plans',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('by', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('house', 'version', name=op.f('pk_plans'))
    )
    op.create_table('quarantine',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('signal', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('device', sa.String(length=200), nullable=True),
    sa.Column('bridge', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('house', 'signal', name=op.f('pk_quarantine'))
    )
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quarantine_house_at'), ['house', 'at'], unique=False)

    op.create_table('raw',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('signal', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('qos', sa.SmallInteger(), nullable=False),
    sa.Column('retained', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('house', 'signal', name=op.f('pk_raw'))
    )
    with op.batch_alter_table('raw', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_raw_at'), ['at'], unique=False)

    op.create_table('sessions',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('staff', sa.String(length=200), nullable=False),
    sa.Column('handset', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_sessions'))
    )
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sessions_house_staff'), ['house', 'staff'], unique=False)

    op.create_table('snapshot',
    sa.Column('house', sa.String(length=200), nullable=False),
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('schema', sa.Integer(), nullable=False),
    sa.Column('core_version', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('house', 'seq', name=op.f('pk_snapshot'))
    )


def downgrade() -> None:
    op.drop_table('snapshot')
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sessions_house_staff'))

    op.drop_table('sessions')
    with op.batch_alter_table('raw', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_raw_at'))

    op.drop_table('raw')
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_quarantine_house_at'))

    op.drop_table('quarantine')
    op.drop_table('plans')
    op.drop_table('pin_tries')
    op.drop_table('people')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbox_state_next_try_at'))

    op.drop_table('outbox')
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_house_at'))

    op.drop_table('ledger')
    op.drop_table('journal')
    op.drop_table('house_files')
    op.drop_table('handset_keys')
    op.drop_table('epochs')
    op.drop_table('enrol_codes')
    op.drop_table('discovered')
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_calls_house_state'))
        batch_op.drop_index(batch_op.f('ix_calls_house_opened_at'))

    op.drop_table('calls')
    with op.batch_alter_table('call_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_call_events_house_call_seq_n'))
        batch_op.drop_index(batch_op.f('ix_call_events_house_at'))

    op.drop_table('call_events')
    op.drop_table('accounts')
    with op.batch_alter_table('access_log', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_access_log_house_at'))

    op.drop_table('access_log')
