# SPDX-License-Identifier: Apache-2.0
# It starts the executable itself.
$(B)/tests/test_kennel_broker: $(B)/kennel-broker
